"""What a client may set of its session's turn-taking, by the same names in every dialect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.core.endpointing.end_of_turn import WAITS
from schemas.events import TURN_NUMBERS


def turn_options(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return what *given* sets, and a line for each value that cannot be; other names are left."""
    chosen: dict[str, Any] = {}
    wrong: list[str] = []
    if (eagerness := given.get("eagerness")) is not None:
        if isinstance(eagerness, str) and eagerness in WAITS:
            chosen["eagerness"] = eagerness
        else:
            wrong.append("eagerness must be low, auto or high")
    for name, (least, most) in TURN_NUMBERS.items():
        if (value := given.get(name)) is None:
            continue
        number = _whole(value)
        if number is None or not least <= number <= most:
            wrong.append(f"{name} must be a whole number from {least} to {most}")
        else:
            chosen[name] = number
    return chosen, wrong


def _whole(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 8:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
