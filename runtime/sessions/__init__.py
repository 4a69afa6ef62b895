"""Sessions as they are recorded: found, read, drawn, compared, moved, forgotten."""
