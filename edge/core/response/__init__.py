"""Aura's side of a call: one response at a time, with its interruption and playback. Pure."""
