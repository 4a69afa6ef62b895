"""Masks what is not to be stored, in the words of the recogniser, before anybody has them.

What is masked is masked for all: the log, the language model, every subscriber. A digit in a
partial transcript is as much of a secret as one in the final. A number may be spoken with pauses:
what is masked are the words of the whole utterance, not those of a piece of it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_DIGIT = r"(?:\d|zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)"
BUILT_IN = {
    # four digits or more, written or spoken, however they are grouped
    "numbers": (rf"(?<!\w){_DIGIT}(?:[\s,.\-/()]*{_DIGIT}){{3,}}(?!\w)", "[number]"),
    "emails": (r"[\w.+-]+(?:@|\s+at\s+)[\w-]+(?:(?:\.|\s+dot\s+)[\w-]+)+", "[email]"),
}


class BadRulesError(ValueError):
    """AURA_REDACT says something that is no rule; the message says what."""


@dataclass(frozen=True)
class Redaction:
    """Patterns, and what is put in the place of what they find."""

    rules: tuple[tuple[re.Pattern[str], str], ...] = ()

    @staticmethod
    def of(setting: str) -> Redaction:
        """Return the rules in *setting*: names, or JSON of names or patterns and their masks.

        Raises:
            BadRulesError: there are none in it.
        """
        text = setting.strip()
        try:
            said = json.loads(text) if text.startswith("{") else dict.fromkeys(_names(text), "")
            rules = []
            for pattern, mask in said.items():
                known, usual = BUILT_IN.get(pattern, (pattern, "[masked]"))
                if known == pattern and not text.startswith("{"):
                    raise BadRulesError(
                        f"AURA_REDACT: {pattern!r} is not one of {', '.join(BUILT_IN)}; own rules "
                        'are JSON: {"numbers": "[number]", "\\\\bproject x\\\\b": "[project]"}'
                    )
                rules.append((re.compile(known, re.IGNORECASE), str(mask) or usual))
        except (json.JSONDecodeError, re.error) as error:
            raise BadRulesError(f"AURA_REDACT: {error}") from error
        return Redaction(tuple(rules))

    def mask(self, text: str) -> str:
        """Return *text* with a mask for everything that a rule finds."""
        for pattern, mask in self.rules:
            text = pattern.sub(lambda _, mask=mask: mask, text)  # type: ignore[misc]  # bound now
        return text


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
