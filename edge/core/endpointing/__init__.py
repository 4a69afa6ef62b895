"""Endpointing: decides whether the caller's turn is over, by words, sound and pauses. Pure."""
