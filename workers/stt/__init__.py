"""The STT stage: from an utterance's audio to its words."""
