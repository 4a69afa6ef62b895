"""Texts with `{{variables}}`: each value is put in once and literally; no code runs."""

import re
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
LEAST_AFTER_CHARS = 400
"""The least text after the first variable, some 100 tokens, that makes its place costly."""


def is_name(text: str) -> bool:
    """Tell whether *text* is a valid name of a variable."""
    return _NAME.fullmatch(text) is not None


def placeholders(text: str) -> list[str]:
    """Return the names between double braces in *text*, stripped of blanks."""
    return [inside.strip() for inside in _PLACEHOLDER.findall(text)]


def chars_after_variable(text: str) -> int:
    """Return the number of characters after the first placeholder; 0 without one.

    Language models and their servers cache the beginnings of prompts; the text after the first
    value is read again for each call.
    """
    first = _PLACEHOLDER.search(text)
    return len(text) - first.end() if first else 0


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return *text* with *values* for its placeholders; braces inside a value stay as they are.

    Raises:
        KeyError: there is no value for a placeholder.
    """
    return _PLACEHOLDER.sub(lambda match: values[match[1].strip()], text)


def one_line(value: str) -> str | None:
    """Return *value* on one line with single blanks, or None if it has control characters.

    A value without line breaks cannot pass for a paragraph of the prompt.
    """
    line = " ".join(value.split())
    return line if line.isprintable() else None
