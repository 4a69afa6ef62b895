"""What a call has used up, and the limit that it reaches."""

from __future__ import annotations

from typing import Literal

from schemas.events.event import Event

SpendLimitName = Literal["tokens", "speech_s", "price"]
"""A limit of `schemas.session_config.SpendLimit`."""


class SpendCounted(Event, frozen=True, kw_only=True, tag="spend.counted"):
    """Edge -> all: what the call has used up so far, told after each turn of a limited call."""

    KIND = "life"
    KEY = ("turn", "at_ms")
    turn: int
    prompt_tokens: int
    completion_tokens: int
    heard_ms: int
    """Of the caller's speech that was recognised."""
    spoken_ms: int
    """Of synthesized speech."""
    call_ms: int
    """Of its connections."""
    price: float
    """In the currency of the configuration's prices."""


class SpendReached(Event, frozen=True, kw_only=True, tag="spend.reached"):
    """Edge -> all: the call has used up what it may: no response of a model is asked for any more.

    It says so when nobody speaks, and ends if it is set to.
    """

    KIND = "life"
    limit: SpendLimitName
    most: float
    """What it may use up."""
    used: float
