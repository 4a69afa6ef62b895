"""The spend of a call, and the limit that it reaches."""

from typing import Literal

import msgspec

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
    """Tokens of all completions so far."""
    recognised_ms: int = msgspec.field(name="heard_ms")
    """Recognised speech of the caller, ms."""
    synthesized_ms: int = msgspec.field(name="spoken_ms")
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
    """The limit, in the unit of `limit`; the fields below name their units."""
    used: float
    """The spend, in the same unit."""
    most_tokens: int | None = None
    """The limit of tokens, prompts and completions together; None: another limit is reached."""
    used_tokens: int | None = None
    """The tokens of all prompts and completions so far; None: another limit is reached."""
    most_speech_s: float | None = None
    """The limit of synthesized speech, seconds; None: another limit is reached."""
    used_speech_s: float | None = None
    """Synthesized speech so far, seconds; None: another limit is reached."""
    most_price: float | None = None
    """The limit of the price, in the currency of the configuration's prices; None: another limit
    is reached."""
    used_price: float | None = None
    """The price so far, in that currency; None: another limit is reached."""

    def __post_init__(self) -> None:
        """Fill the two fields of the reached limit; older events have only `most` and `used`."""
        kind = int if self.limit == "tokens" else float
        for name, value in (("most", self.most), ("used", self.used)):
            if getattr(self, field := f"{name}_{self.limit}") is None:
                msgspec.structs.force_setattr(self, field, kind(value))
