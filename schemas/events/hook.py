"""An application is told of a call."""

from __future__ import annotations

from typing import Any

from schemas.events.event import Event
from schemas.session_config import WebhookMoment


class WebhookRequested(Event, frozen=True, kw_only=True, tag="webhook.requested"):
    """Edge -> tool runner: an application is to be told this of a call."""

    KIND = "hook"
    KEY = ("number", "at_ms")
    number: int
    """Counts the messages of a call from 0: they may arrive in another order."""
    url: str
    moment: WebhookMoment
    data: dict[str, Any]
    """What it is told beside the call's id: JSON."""
