"""Models of turns."""
