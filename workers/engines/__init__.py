"""Speech and language engines behind three small protocols; `pick` builds the configured ones."""
