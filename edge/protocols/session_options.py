"""The options of a session that a client may set; the names are the same in every protocol."""

import itertools
import re
import typing
from collections.abc import Container, Iterable, Mapping
from typing import Any

from edge.protocols.parsing import shown
from schemas.session_config import CLIENT_OPTIONS, VOICE_NAME, ClientOption, Eagerness, bounds

LANGUAGE_CHARS = 16
MOST_UNKNOWN_NAMES = 10
"""The most unknown names of which a client is told."""
TEXTS: Mapping[ClientOption, tuple[re.Pattern[str], str]] = {
    "eagerness": (re.compile("|".join(typing.get_args(Eagerness))), "low, auto or high"),
    "language": (re.compile(r"[\x00-\x7f]*"), "a code such as en"),
    "voice": (re.compile(VOICE_NAME), "the name of a voice"),
}
"""The forms of options in words, and what is expected."""
NUMBERS: Mapping[str, str] = {
    name: path for name, path in CLIENT_OPTIONS.items() if name not in {*TEXTS, "record"}
}
"""Clients' names of whole-number options, and their paths in the configuration."""
SESSION_NAMES = frozenset({*TEXTS, *NUMBERS})


def session_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the changes that *options* asks for, and one line for each invalid value.

    Names that are not in SESSION_NAMES are ignored here: see `unknown_names`.
    """
    changes: dict[str, Any] = {}
    wrong: list[str] = []
    for name, (form, expected) in TEXTS.items():
        if (text := options.get(name)) is None:
            continue
        if isinstance(text, str) and text and form.fullmatch(text):
            changes[CLIENT_OPTIONS[name]] = text[:LANGUAGE_CHARS] if name == "language" else text
        else:
            wrong.append(f"{name} must be {expected}")
    _read_numbers(options, changes, wrong)
    return changes, wrong


def unknown_names(options: Iterable[str], known: Container[str]) -> list[str]:
    """Return the first names in *options* that are not *known*, in a form that may be shown."""
    unknown = (shown(name) for name in options if name not in known)
    return list(itertools.islice(unknown, MOST_UNKNOWN_NAMES))


def _read_numbers(given: Mapping[str, Any], changes: dict[str, Any], wrong: list[str]) -> None:
    for name, path in NUMBERS.items():
        if (value := given.get(name)) is None:
            continue
        _, least, most = bounds(path)
        number = whole(value)
        if number is None or least is None or most is None or not least <= number <= most:
            wrong.append(f"{name} must be a whole number from {least} to {most}")
        else:
            changes[path] = number


def whole(value: object) -> int | None:
    """Return *value* as a whole number, or None if it is none; digits in a string count."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 8:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
