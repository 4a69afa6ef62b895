"""The memory of a session: history, spend, summary, commands. Pure."""
