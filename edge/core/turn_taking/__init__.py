"""The side of the caller: turns, their ends and their words; keys, text and silence. Pure."""
