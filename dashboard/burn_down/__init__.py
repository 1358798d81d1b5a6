"""The parts of the Burn-down page, one file each."""
