"""The TTS stage: from a sentence to its speech."""
