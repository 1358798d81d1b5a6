"""Figures: one SQL file each, the draws kernel, and the one door to run them."""
