"""Who calls: tokens, addresses, operators."""
