"""Fractions, ranges and sums."""

import re
from typing import Final

from workers.engines.tts.spoken.language import DASH, Rule, SpeechLanguage

_FRACTIONS: Final = {
    (1, 2): "half",
    (1, 3): "third",
    (2, 3): "two_thirds",
    (1, 4): "quarter",
    (3, 4): "three_quarters",
}
_VULGAR: Final = dict(
    zip("½⅓⅔¼¾⅕⅛⅜⅝⅞", "1/2 1/3 2/3 1/4 3/4 1/5 1/8 3/8 5/8 7/8".split(), strict=True)
)
_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_OPERAND: Final = r"[\w)%°]"


def _apart(match: re.Match[str]) -> str:
    return match[0].replace("/", " ")


class Arithmetic:
    """Rules for fractions, ranges and sums."""

    def __init__(self, language: SpeechLanguage) -> None:
        self._language = language

    def rules(self) -> tuple[Rule, ...]:
        return (*self._fractions(), *self._ranges(), *self._comparisons(), *self._signs())

    def _fractions(self) -> tuple[Rule, ...]:
        def vulgar(match: re.Match[str]) -> str:
            return f"{match[1]} {_VULGAR[match[2]]}" if match[1] else _VULGAR[match[2]]

        def fraction(match: re.Match[str]) -> str:
            whole, upper, lower = match[1], int(match[2]), int(match[3])
            name = _FRACTIONS.get((upper, lower))
            between = "out_of" if lower in {10, 20, 100} else "over"
            text = (
                self._language.words[name]
                if name
                else f"{upper}{self._language.say(between)}{lower}"
            )
            return f"{whole}{self._language.say('and')}{text}" if whole else text

        return (
            (re.compile(rf"(\d*)\s?([{''.join(_VULGAR)}])"), vulgar),
            (re.compile(r"\b(?:24/7|9/11|50/50)\b"), _apart),
            (
                re.compile(
                    r"(?<![\w./,])(?:(\d+)\s)?(\d{1,3})\s?[/\u2044]\s?(\d{1,3})(?![\w/]|[.,]\d)"
                ),
                fraction,
            ),
            (re.compile(r"(?<=\d)\s?[/\u2044]\s?(?=\d)"), self._language.say("over")),
        )

    def _power(self, match: re.Match[str]) -> str:
        say = self._language.say
        exponent = str(match[1] or match[2]).translate(_SUPERSCRIPTS).strip("{}() ")
        if exponent in ("2", "3"):
            return say("squared" if exponent == "2" else "cubed")
        return say("power") + exponent

    def _between(self, match: re.Match[str]) -> str:
        """Read a dash between two numbers as a range if it goes up, else as a difference."""
        low, gap, high, rest = match[1], match[2], match[3], match[4] or ""
        sums = "=" in match.string or match[2].strip() == "\u2212"
        short_year = len(low) == 4 and len(high) == 2
        rises = self._language.decimal(low) < self._language.decimal(high) or short_year
        spaced = gap != gap.strip() and gap.strip() == "-"
        counted = bool(re.match(r"\s?(?!is\b|equals\b|and\b|or\b)[a-z%°]", rest))
        ranged = rises and not sums and (not spaced or counted)
        if not rises and not sums and not spaced and min(len(low), len(high)) > 2:
            return f"{low} {high}{rest}"  # a name such as 747-400
        return f"{low}{self._language.say('to' if ranged else 'minus')}{high}{rest}"

    def _ranges(self) -> tuple[Rule, ...]:
        say = self._language.say
        score = (
            r"(?<=won )|(?<=lost )|(?<=score )|(?<=beat them )|(?<=\bis )(?=\d+-\d+ (?:up|down))"
        )

        number = self._language.number
        return (
            (
                re.compile(r"(?:\^|\*\*)\s?(-?\w+|\{[^}]*\}|\([^)]*\))|(?<=[\w)])([²³⁴⁵⁶⁷⁸⁹⁻⁰¹]+)"),
                self._power,
            ),
            (re.compile(rf"(?:{score})(\d+){DASH}(\d+)"), rf"\1{say('against')}\2"),
            (
                re.compile(rf"(?<![\w.,-])({number})(\s?{DASH}\s?)({number})(?!{DASH}?\w)(\s?\w*)"),
                self._between,
            ),
            (
                re.compile(rf"(?<=\b\w)\s{DASH}\s(?=\w\b|\d)"),
                lambda m: say("minus") if "=" in m.string else m[0],
            ),
        )

    def _comparisons(self) -> tuple[Rule, ...]:
        say = self._language.say
        return (
            (re.compile(r"(?<=\d)\s?[-=]+>\s?|\s?[-=]+>\s?|\s?[\u2190-\u21ff]\s?"), ", "),
            (re.compile(r"[=~_*-]{3,}"), " "),
            (re.compile(r"[!=/]=|\u2260"), lambda m: say("equals" if m[0] == "==" else "unequal")),
            (re.compile(r"<=|[\u2264\u2a7d]"), say("at_most")),
            (re.compile(r">=|[\u2265\u2a7e]"), say("at_least")),
            (re.compile(r"\+/-|\u00b1"), say("plus_minus")),
            (re.compile(r"="), say("equals")),
            (re.compile(rf"(?:(?<={_OPERAND})|^)\s*(?:<<|>>)\s*"), " "),
            (re.compile(r"(?<=\d)\s*<\s*|\s<\s|<(?=\s?\d)|(?<=\b\w)<(?=\w\b)"), say("less")),
            (re.compile(r"(?<=\d)\s*>\s*|\s>\s|>(?=\s?\d)|(?<=\b\w)>(?=\w\b)"), say("greater")),
        )

    def _signs(self) -> tuple[Rule, ...]:
        say = self._language.say
        return (
            (
                re.compile(
                    r"(?<=[\d)])\s*[*\u00d7\u22c5\u00b7]\s*(?=[\d(\w])|\s[*\u00d7]\s|\u00d7"
                ),
                say("times"),
            ),
            (re.compile(r"(?<=\d)\s[xX]\s(?=\d)"), say("times")),
            (
                re.compile(r"(?<=\d)x(?=\s[a-z]{2}|\s?$|[.,!?])"),
                lambda m: m[0] if say("equals") in m.string else say("times"),  # "x" is an unknown
            ),
            (re.compile(r"(?<=\d)(?<!\b0)[xX](?=\d)"), say("by")),
            (re.compile(r"\s?\u00f7\s?"), say("divided")),
            (re.compile(r"\u221a"), say("root")),
            (re.compile(r"\u221e"), say("infinity")),
            (re.compile(r"[\u2248~\u223c]\s?(?=[\d$€£])|\u2248"), say("about")),
            (re.compile(r"\u2212(?=\s?[\d(])"), say("minus")),
            (
                re.compile(rf"(?<={_OPERAND})\s{DASH}\s(?=-?\(?\d|-)(?<=\d\s-\s|\)\s-\s)"),
                say("minus"),
            ),
            (re.compile(rf"(?<![\w)\]]){DASH}(?=\d)"), say("minus")),
            (re.compile(r"\b([A-G])#(?!\w)"), rf"\1{say('sharp')}"),
            (re.compile(r"#\s?(?=\d)"), say("number")),
            (re.compile(r"\u00a7+\s?(?=\d)"), say("section")),
            (re.compile(r"\+"), say("plus")),
            (re.compile(r"&+"), say("and")),
            (re.compile(r"@"), say("at")),
            (re.compile(r"(?<=\w)/(?=\w)"), " "),
        )
