"""Stateless stages: STT, LLM, TTS, and subscribers."""
