"""A recorded session on a page or a terminal."""
