"""The sections of the Recognition page, one file each."""
