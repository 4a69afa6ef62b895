"""Aura's side: one response at a time, played, held, interrupted, measured. Pure."""
