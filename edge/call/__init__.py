"""Calls on the bus: carry a session's inputs in and its effects out."""
