"""A call on the bus: carries a session's inputs in and its effects out."""
