"""Texts with `{{variables}}`: each value is put in once and literally; no code runs."""

import re
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_MARKUP = re.compile(r"^\s*(?:[#<>|*+`-]|\d+[.)])", re.MULTILINE)
"""A line of a heading, a list, a table, a tag or code, whose place matters."""
_SENTENCE_END = re.compile(
    r"(?:(?<=[^\WA-Z]{4}[.!?])|(?<=\}\}[.!?]))\s+"
    r"|(?<=[。！？])|\n\s*\n"  # noqa: RUF001  # marks of other scripts
)
"""Certain ends alone: a short word or a capital before the mark may be an abbreviation."""
LEAST_AFTER_CHARS = 400
"""Text after a variable, some 100 tokens, that is worth moving the variable behind it."""


def is_name(text: str) -> bool:
    """Tell whether *text* is a valid name of a variable."""
    return _NAME.fullmatch(text) is not None


def placeholders(text: str) -> list[str]:
    """Return the names between double braces in *text*, stripped of blanks."""
    return [inside.strip() for inside in _PLACEHOLDER.findall(text)]


def variables_last(text: str) -> str:
    """Return the prompt *text* with its sentences that have placeholders at its end.

    Language models, and servers of them, keep what a prompt begins with: only what follows the
    first value has to be read for each call. Text that is no prose, or short, stays as it is.
    """
    first = _PLACEHOLDER.search(text)
    if first is None or len(text) - first.end() < LEAST_AFTER_CHARS or _MARKUP.search(text):
        return text
    kept, moved, begins = "", [], 0
    for end in (*(found.end() for found in _SENTENCE_END.finditer(text)), len(text)):
        sentence, begins = text[begins:end], end
        if _PLACEHOLDER.search(sentence) and not sentence.rstrip().endswith(":"):
            moved.append(sentence.strip())
        else:
            kept += sentence
    return "\n\n".join(filter(None, (kept.strip(), " ".join(moved))))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return *text* with *values* for its placeholders; braces inside a value stay as they are.

    Raises:
        KeyError: there is no value for a placeholder.
    """
    return _PLACEHOLDER.sub(lambda found: values[found[1].strip()], text)


def one_line(value: str) -> str | None:
    """Return *value* on one line with single blanks, or None if it has control characters.

    A value without line breaks cannot pass for a paragraph of the prompt.
    """
    line = " ".join(value.split())
    return line if line.isprintable() else None
