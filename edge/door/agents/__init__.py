"""What a call is set to: agents, tools, voices."""
