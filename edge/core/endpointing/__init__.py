"""Whether the caller's turn is over: words, sound, and how long this caller pauses. Pure."""
