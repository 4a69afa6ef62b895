"""Texts with `{{variables}}`: values put in once, as they are; a text runs nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


def is_name(text: str) -> bool:
    """Tell whether *text* may be the name of a variable."""
    return _NAME.fullmatch(text) is not None


def placeholders(text: str) -> list[str]:
    """Return what stands between double braces in *text*, without the blanks around it."""
    return [inside.strip() for inside in _PLACEHOLDER.findall(text)]


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return *text* with *values* for its placeholders; braces inside a value mean nothing.

    Raises:
        KeyError: there is no value for a placeholder.
    """
    return _PLACEHOLDER.sub(lambda found: values[found[1].strip()], text)


def one_line(value: str) -> str | None:
    """Return *value* without line breaks and repeated blanks; None: it has control characters.

    A value that cannot break its line cannot pretend to be a paragraph of the prompt.
    """
    line = " ".join(value.split())
    return line if line.isprintable() else None
