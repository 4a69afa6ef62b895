"""The limits of callers at an edge: rates, seats, budgets, time."""
