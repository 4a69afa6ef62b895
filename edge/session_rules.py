"""The rules of one session: the operator's settings, and what the client may change of them."""

from __future__ import annotations

from typing import Any

from aura.settings import Settings
from edge.core.answering import Rules
from schemas.events import SessionSettings


def rules_of(settings: Settings, options: dict[str, Any]) -> Rules:
    """Return the rules of a session; *options* are the dialect's, already checked by it."""
    return Rules(
        SessionSettings(
            language=options.get("language", settings.language),
            eagerness=options.get("eagerness", settings.eagerness),
            system_prompt=settings.system_prompt,
            llm_model="",
            max_tokens=settings.max_tokens,
            temperature=settings.temperature,
        ),
        greeting=settings.greeting if options.get("greeting", False) else "",
        history_messages=settings.history_messages,
        speculate=settings.speculate,
        deadline_ms=int(settings.job_deadline_s * 1000),
        chunk_ms=max(10, settings.chunk_size * 1000 // settings.sample_rate),
    )
