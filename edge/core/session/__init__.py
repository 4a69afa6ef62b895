"""What a session remembers: its history, its summary, its configuration. Pure."""
