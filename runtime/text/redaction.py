"""Masks private parts of a caller's words before they are stored or sent on.

The log, the language model and every subscriber get the masked words. The STT stage masks speech,
partial transcripts too; the edge masks typed text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from runtime.settings import SettingsError
from runtime.text.spoken_numbers import numbers

Rule = Callable[[str, bool], str]
"""Masks a text; a text that still grows has more masked than a complete one."""

LEAST_DIGITS = 4
"""The fewest digits of a masked number; shorter numbers are ages, floors and prices."""
A_NUMBER = "4929 1234 5678 9012"
# An address begins behind a character that no address has, and has six spoken signs at most before
# its "at". So the search takes a time linear in the length of the text.
_SIGN = r"(?:dot|point|dash|hyphen|minus|plus|underscore)"
_USER = rf"(?<![\w.+-])(?:[\w.+-]++\s++{_SIGN}\s++){{0,6}}+[\w.+-]++"
_DOT = r"(?:\.|\s++\.\s*+|\s++dot\s++)"
_EMAIL = re.compile(
    rf"{_USER}(?:\s*+@\s*+|\s++at\s++)[\w-]++(?:{_DOT}[\w-]++)++",
    re.IGNORECASE,
)
# A text that still grows has an address for certain once it has "@" or "dot".
_GROWING_EMAIL = re.compile(
    rf"{_USER}(?:\s*+@\s*+[\w.-]*+|\s++at\s++[\w-]++\s++dot)$", re.IGNORECASE
)


class BadRulesError(SettingsError):
    """AURA_REDACT holds an invalid rule; the message names it."""


def _masked_numbers(mask: str) -> Rule:
    def masked(text: str, growing: bool) -> str:
        parts, before = [], 0
        for start, end in numbers(text, LEAST_DIGITS, growing=growing):
            parts += [text[before:start], mask]
            before = end
        return "".join([*parts, text[before:]])

    return masked


def _masked_emails(mask: str) -> Rule:
    def masked(text: str, growing: bool) -> str:
        text = _EMAIL.sub(lambda _: mask, text)
        return _GROWING_EMAIL.sub(lambda _: mask, text) if growing else text

    return masked


def _pattern(pattern: re.Pattern[str], mask: str) -> Rule:
    return lambda text, _: pattern.sub(lambda _: mask, text)


BUILT_IN: dict[str, Callable[[str], Rule]] = {
    "numbers": lambda mask: _masked_numbers(mask or "[number]"),
    "emails": lambda mask: _masked_emails(mask or "[email]"),
}


@dataclass(frozen=True)
class Redaction:
    """The masking rules, applied one after the other."""

    rules: tuple[Rule, ...] = ()

    @staticmethod
    def of(setting: str) -> Redaction:
        """Return the rules in *setting*: their names, or JSON of names or patterns to masks.

        Raises:
            BadRulesError: the setting holds no valid rules.
        """
        text = setting.strip()
        try:
            masks = json.loads(text) if text.startswith("{") else dict.fromkeys(_names(text), "")
            rules: list[Rule] = []
            for pattern, mask in masks.items():
                if built_in := BUILT_IN.get(pattern):
                    rules.append(built_in(str(mask)))
                elif text.startswith("{"):
                    compiled = re.compile(pattern, re.IGNORECASE)
                    rules.append(_pattern(compiled, str(mask) or "[masked]"))
                else:
                    raise BadRulesError(
                        f"AURA_REDACT: {pattern!r} is not one of {', '.join(BUILT_IN)}; own rules "
                        'are JSON: {"numbers": "[number]", "\\\\bproject x\\\\b": "[project]"}'
                    )
        except (json.JSONDecodeError, re.error) as error:
            raise BadRulesError(f"AURA_REDACT: {error}") from error
        return Redaction(tuple(rules))

    @property
    def hides_keys(self) -> bool:
        """Whether telephone keys must not be stored: they arrive as single digits."""
        return self.mask(A_NUMBER) != A_NUMBER

    def mask(self, text: str, *, growing: bool = False) -> str:
        """Return *text* with a mask in place of each match of a rule.

        *growing*: more words may follow, so a number at the end is masked before it is long enough.
        """
        for rule in self.rules:
            text = rule(text, growing)
        return text


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
