"""A call's decisions, pure: no clock, no sockets, no bus."""
