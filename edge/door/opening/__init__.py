"""The opening of a session: what is decided before its call begins."""
