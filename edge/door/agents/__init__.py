"""The settings of a call: its agent, tools and voice."""
