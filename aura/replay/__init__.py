"""Replays of recorded sessions: decided again, decided otherwise, or driven through workers."""
