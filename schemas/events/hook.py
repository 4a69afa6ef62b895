"""Messages to an application about a call."""

from typing import Any

from schemas.events.event import Event
from schemas.webhook_config import WebhookMoment


class WebhookRequested(Event, frozen=True, kw_only=True, tag="webhook.requested"):
    """Edge -> tool runner: send this message about a call to an application."""

    KIND = "hook"
    KEY = ("number", "at_ms")
    number: int
    """The number of the message in its call, from 0; messages may arrive in another order."""
    url: str
    """The http or https address to which the message is posted."""
    moment: WebhookMoment
    """The kind of the message."""
    data: dict[str, Any]
    """The content beside the call's id, as JSON."""
