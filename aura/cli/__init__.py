"""The command `aura`."""
