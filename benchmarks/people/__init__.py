"""What callers hear: recordings of people through the whole program, in real time."""
