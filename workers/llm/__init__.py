"""The LLM stage: from a turn to the sentences of the response."""
