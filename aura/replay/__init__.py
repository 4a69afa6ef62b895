"""Replays of recorded sessions: decide, what-if, or drive."""
