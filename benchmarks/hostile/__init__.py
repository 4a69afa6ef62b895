"""Attacks of strangers on an edge, beside a call that must not be affected; see docs/adr/0033."""
