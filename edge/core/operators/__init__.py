"""What operators and applications have of a call: commands, limits, webhook messages. Pure."""
