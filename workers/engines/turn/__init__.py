"""Turn models."""
