"""Measurements with recordings of people, through the whole program, in real time."""
