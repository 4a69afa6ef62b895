"""Recorded sessions again: decided anew, with other numbers, or driven through today's workers."""
