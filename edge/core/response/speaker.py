"""Who speaks the responses of a session, as their events say it."""

from __future__ import annotations

from schemas.events import Speaker
from schemas.session_config import SessionConfig


def speaker(config: SessionConfig) -> Speaker:
    """Return the voice, its speed and the language of a session of *config*."""
    voice = config.voice
    return Speaker(language=config.language, voice=voice.name, speed=voice.speed)
