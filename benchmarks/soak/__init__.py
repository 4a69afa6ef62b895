"""Faults and load, longer than a test may take: `make soak`."""
