"""The webhook of a call: where an application is told of it, and of what."""

import typing
from typing import Annotated, Literal

import msgspec

WebhookMoment = Literal[
    "call.started", "call.resumed", "call.turn", "call.transferred", "call.ended"
]
"""The messages to an application: a call began, its caller came back, a turn ended, another agent
took over, a connection of the call ended."""
WEBHOOK_MOMENTS: tuple[WebhookMoment, ...] = typing.get_args(WebhookMoment)


class WebhookConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The webhook that is told of a call."""

    url: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    """The http or https address to which signed messages are posted; empty: none."""
    events: tuple[WebhookMoment, ...] = WEBHOOK_MOMENTS
    """The messages that are sent; other moments send none."""
    words: bool = True
    """Whether messages hold the words of turns and the values of variables; else only numbers and
    names."""
