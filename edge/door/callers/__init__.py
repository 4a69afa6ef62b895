"""The identity of callers: tokens, addresses, operators."""
