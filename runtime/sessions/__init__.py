"""Recorded sessions: finds, reads, exports, imports and erases them."""
