"""A client's audio on its way into its session."""
