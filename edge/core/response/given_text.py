"""A text that is given as a whole, cut into pieces that are synthesized one after the other."""

from __future__ import annotations

import re

LEAST_CHARS = 60
"""A shorter piece is not cut off: mostly it ends with an abbreviation, or is soon spoken."""
_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])|\n+")  # noqa: RUF001  # marks of other scripts


def pieces(text: str) -> list[str]:
    """Return *text* cut at the ends of its sentences, without blanks around them."""
    found: list[str] = []
    for part in filter(None, (one.strip() for one in _END.split(text))):
        if found and len(found[-1]) < LEAST_CHARS:
            found[-1] = f"{found[-1]} {part}"
        else:
            found.append(part)
    return found
