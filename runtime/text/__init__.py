"""Foreign text: printed safely, with words masked, and compared."""
