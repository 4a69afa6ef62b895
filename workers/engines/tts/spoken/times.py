"""Days and times of day."""

import re
from decimal import Decimal

from workers.engines.tts.spoken.language import DASH, Rule, SpeechLanguage


class Times:
    """Rules for dates and times of day."""

    def __init__(self, language: SpeechLanguage) -> None:
        self._language = language

    def rules(self) -> tuple[Rule, ...]:
        # Ranges of times come first, since their dash is no minus.
        return (*self.dates(), *self._ranges(), *self._times())

    def dates(self) -> tuple[Rule, ...]:
        return (
            (
                re.compile(
                    r"(?<=\b\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::[\d.]+)?(?:Z|[+-]\d\d:?\d\d)?\b"
                ),
                r", \1",
            ),
            (
                re.compile(rf"\b(\d{{4}})(?:{DASH}|/)(\d\d)(?:{DASH}|/)(\d\d)\b(?!T)"),
                lambda m: self._language.day(m[1], m[2], m[3]) or m[0],
            ),
            (
                re.compile(r"(?<![\w./])(\d{1,2})([./])(\d{1,2})\2(\d{4}|\d\d)(?![\w/]|\.\d)"),
                lambda m: self._language.date(m[1], m[3], m[4]) or m[0],
            ),
        )

    def _ranges(self) -> tuple[Rule, ...]:
        def to(match: re.Match[str]) -> str:
            return f"{match[1]}{self._language.say('to')}"

        return (
            (
                re.compile(
                    rf"((?:\d:\d\d|\d(?=\s?[ap]))(?:\s?[ap]\.?m\.?)?)\s?{DASH}\s?(?=\d+[:h]\d\d)",
                    re.IGNORECASE,
                ),
                to,
            ),
            (
                re.compile(
                    rf"(\d\s?[ap]\.?m\.?|\b\d{{1,2}})\s?{DASH}\s?(?=\d{{1,2}}\s?[ap]\.?m\b)",
                    re.IGNORECASE,
                ),
                to,
            ),
            (re.compile(rf"(\b\d\d?:\d\d)\s?{DASH}\s?(?=\d\d?\b)"), to),
        )

    def _times(self) -> tuple[Rule, ...]:
        # The dot of "a.m." is removed unless it also ends the sentence.
        dot = r"\.?" if self._language.code == "en" else r"\."  # "am" is a German word
        half = (
            rf"\s?(?P<half>[ap]){dot}\s?m\b"
            r"(?:\.(?=\s*[^\s\w]|\s+(?-i:[a-z\d]|[A-Z]\w+day\b|[A-Z]{2,4}\b)))?"
        )
        unit = {"de": r"\s?Uhr", "nl": r"\s?uur", "fr": r"\s?(?:h|heures)", "pt": r"\s?(?:h|horas)"}
        hour = unit.get(self._language.code, r"\s?o'clock")
        clock = r"(?<![\w:.,])([01]?\d|2[0-4])[:h]([0-5]\d)"
        return (
            (re.compile(r"\b(\d\d?):([0-5]\d):([0-5]\d)(?:[.,]\d+)?(?:Z\b)?"), self._duration),
            (
                re.compile(rf"{clock}{half}", re.IGNORECASE),
                lambda m: self._clock(m[1], m[2], f" {m['half'].upper()}M"),
            ),
            (
                re.compile(rf"(?<![\w:.,])(1[0-2]|\d){half}", re.IGNORECASE),
                lambda m: f"{m[1]} {m['half'].upper()}M",
            ),
            (
                re.compile(rf"{clock}(?![:\d]|\w)(?:{hour}\b)?"),
                lambda m: self._clock(m[1], m[2]),
            ),
            (
                re.compile(r"(?<![\w:])(\d+):(\d+)(?![\w:])"),
                lambda m: f"{m[1]}{self._language.say('against')}{m[2]}",
            ),
        )

    def _clock(self, hours: str, minutes: str, half: str = "") -> str:
        if minutes == "00":
            return (
                f"{int(hours)}{half}" if half else self._language.words["hour"].format(h=int(hours))
            )
        small = int(minutes) < 10 and self._language.code == "en"
        minute_words = f"oh {int(minutes)}" if small else str(int(minutes))
        return self._language.words["clock"].format(h=int(hours), m=minute_words) + half

    def _duration(self, match: re.Match[str]) -> str:
        units = ("duration-hour", "duration-minute", "duration-second")
        parts = [
            self._language.measure(Decimal(count), unit)
            for count, unit in zip(match.groups(), units, strict=True)
            if int(count)
        ]
        return " ".join(parts) or match[0]
