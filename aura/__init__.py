"""The operator's command line, and the laboratory that replays recorded sessions."""
