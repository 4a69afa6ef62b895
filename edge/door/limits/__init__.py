"""What a caller may take of an edge: rates, seats, budgets, time."""
