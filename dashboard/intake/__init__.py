"""The parts of the page Data: what comes in, the snapshots it becomes, their checks, and what every figure means."""
