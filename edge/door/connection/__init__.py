"""A client's connection and its sessions, one after the other."""
