"""The rules of one session: the operator's settings, and what the client may change of them."""

from __future__ import annotations

from typing import Any

from edge.core.notices import Delivery
from edge.core.session.rules import Rules
from runtime.settings import Settings
from runtime.version import version
from schemas.events import TURN_NUMBERS, CallRules, SessionSettings

TURN_OPTIONS = ("eagerness", *TURN_NUMBERS)


def rules_of(settings: Settings, options: dict[str, Any]) -> Rules:
    """Return the rules of a session; *options* are the dialect's, already checked by it."""
    return Rules(
        SessionSettings(
            language=options.get("language", settings.language),
            **{name: options.get(name, getattr(settings, name)) for name in TURN_OPTIONS},
            system_prompt=settings.system_prompt,
            llm_model="",
            max_tokens=settings.max_tokens,
            temperature=settings.temperature,
            record_audio=settings.record_audio or options.get("record_audio", False),
        ),
        greeting=settings.greeting if options.get("greeting", False) else "",
        history_messages=settings.history_messages,
        speculate=settings.speculate,
        model_reads=True,
        deadline_ms=int(settings.job_deadline_s * 1000),
        chunk_ms=max(10, settings.chunk_size * 1000 // settings.sample_rate),
    )


def noted(rules: Rules, delivery: Delivery) -> dict[str, Any]:
    """Return what an event says of the rules: with it the session's decisions can be made again."""
    own = CallRules(
        delivery=delivery.value,
        greeting=rules.greeting,
        history_messages=rules.history_messages,
        speculate=rules.speculate,
        model_reads=rules.model_reads,
        deadline_ms=rules.deadline_ms,
        chunk_ms=rules.chunk_ms,
    )
    return {"settings": rules.settings, "rules": own, "version": version()}


def rules_from(settings: SessionSettings, noted: CallRules) -> tuple[Rules, Delivery]:
    """Return the rules and the delivery that an event noted."""
    rules = Rules(
        settings,
        greeting=noted.greeting,
        history_messages=noted.history_messages,
        speculate=noted.speculate,
        model_reads=noted.model_reads,
        deadline_ms=noted.deadline_ms,
        chunk_ms=noted.chunk_ms,
    )
    return rules, Delivery(noted.delivery or "sentences")
