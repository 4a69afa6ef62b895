"""Hearing: the caller's audio as frames, voice activity, pauses and utterances. Pure."""
