"""The spend of a call, and the limit that it reaches."""

from typing import Literal

from schemas.events.event import Event

SpendLimitName = Literal["tokens", "speech_s", "price"]
"""A limit of `schemas.session_config.SpendLimit`."""


class SpendCounted(Event, frozen=True, kw_only=True, tag="spend.counted"):
    """Edge -> all: the spend of the call so far, told after each turn of a limited call."""

    KIND = "life"
    KEY = ("turn", "at_ms")
    turn: int
    """The number of the latest turn."""
    prompt_tokens: int
    """Tokens of all prompts so far."""
    completion_tokens: int
    """Tokens of all answers so far."""
    heard_ms: int
    """Recognised speech of the caller, ms."""
    spoken_ms: int
    """Synthesized speech, ms."""
    call_ms: int
    """Duration of the call's connections, ms."""
    price: float
    """The price, in the currency of the configuration's prices."""


class SpendReached(Event, frozen=True, kw_only=True, tag="spend.reached"):
    """Edge -> all: the call has reached its spend limit; the language model is no longer asked.

    The caller is told when nobody speaks; then the call ends, if it is configured to.
    """

    KIND = "life"
    limit: SpendLimitName
    """The limit that is reached: tokens, synthesized speech, or the price."""
    most: float
    """The limit: tokens, seconds, or an amount in the currency of the configuration's prices."""
    used: float
    """The spend, in the same unit."""
