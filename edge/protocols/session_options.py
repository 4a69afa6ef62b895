"""The options of a session that a client may set; the names are the same in every protocol."""

import re
import typing
from collections.abc import Mapping
from typing import Any

from schemas.session_config import CLIENT_OPTIONS, VOICE_NAME, Eagerness, bounds

NUMBERS: Mapping[str, str] = {
    name: path
    for name, path in CLIENT_OPTIONS.items()
    if name not in {"eagerness", "language", "record", "voice"}
}
"""Clients' names of whole-number options, and their paths in the configuration."""
SESSION_NAMES = frozenset({"eagerness", "language", "voice", *NUMBERS})
LANGUAGE_CHARS = 16
_VOICE = re.compile(VOICE_NAME)


def session_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the changes that *options* asks for, and one line for each invalid value.

    Names that are not in SESSION_NAMES are ignored here.
    """
    changes: dict[str, Any] = {}
    wrong: list[str] = []
    if (eagerness := options.get("eagerness")) is not None:
        if isinstance(eagerness, str) and eagerness in typing.get_args(Eagerness):
            changes["turns.eagerness"] = eagerness
        else:
            wrong.append("eagerness must be low, auto or high")
    if (language := options.get("language")) is not None:
        if isinstance(language, str) and language and language.isascii():
            changes["language"] = language[:LANGUAGE_CHARS]
        else:
            wrong.append("language must be a code such as en")
    if (voice := options.get("voice")) is not None:
        if isinstance(voice, str) and voice and _VOICE.fullmatch(voice):
            changes[CLIENT_OPTIONS["voice"]] = voice
        else:
            wrong.append("voice must be the name of a voice")
    _take_numbers(options, changes, wrong)
    return changes, wrong


def _take_numbers(given: Mapping[str, Any], changes: dict[str, Any], wrong: list[str]) -> None:
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
