"""Source tables, snapshots and everything that brings data in."""
