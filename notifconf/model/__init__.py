"""Frozen data that every other part speaks: no I/O, no clock, no vendor."""
