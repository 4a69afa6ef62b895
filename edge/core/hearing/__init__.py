"""The caller's audio: frames, voice activity, speech and pauses, utterances. Pure."""
