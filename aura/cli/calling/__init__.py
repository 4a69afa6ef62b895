"""A call that `aura call` makes: what is said, how it goes, how it fails."""
