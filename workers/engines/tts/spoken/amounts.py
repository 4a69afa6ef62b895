"""Money, and numbers with a unit."""

import re
from decimal import Decimal
from typing import Final

from babel.numbers import get_currency_name

from workers.engines.tts.spoken.language import DASH, Rule, SpeechLanguage
from workers.engines.tts.spoken.words import CURRENCIES, SCALES, UNITS

_DECADES: Final = "twenties thirties forties fifties sixties seventies eighties nineties".split()
_NOUN_FIRST: Final = {"fr", "es", "it", "pt"}
"""Languages that put the adjective last, as in "dollars américains"."""
_FOREIGN: Final = {"US$", "C$", "A$"}
"""Signs that include the country, so that it is spoken too."""


class Amounts:
    """Rules for money and for numbers with a unit."""

    def __init__(self, language: SpeechLanguage) -> None:
        self._language = language

    def rules(self) -> tuple[Rule, ...]:
        return (*self._money(), *self._units())

    def _money(self) -> tuple[Rule, ...]:
        signs = "|".join(map(re.escape, sorted(CURRENCIES, key=len, reverse=True)))
        alone, number = rf"(?<!\w)(?P<sign>{signs})", self._language.number
        scale = r"(?P<scale>\s?(?:thousand|million|billion|trillion|mn|bn|[kKmMbB])\b)?"
        if self._language.code != "en":
            scale = r"(?P<scale>\s(?:Mio\.|Mrd\.|[mM]il\w+|[Bb]i\w+)(?!\w))?"
        span = rf"(?:\s?{DASH}\s?(?:{signs})?\s?(?P<upper>{number}))?"
        minus = rf"(?P<minus>(?<![\w)]){DASH}\s?)?"
        end = r"(?![\w€$£]|[.,]\d)"
        return (
            (re.compile(rf"(?<=\d)\s?({signs})?/(?=[a-zA-Z]{{2}})([a-zA-Z]+)"), self._per),
            (
                re.compile(rf"{minus}{alone}\s?(?P<n>{number}){span}{scale}(?![\w]|[.,]\d)"),
                self._amount,
            ),
            (
                re.compile(rf"(?<![\w.,])(?P<n>{number}){span}{scale}\s?(?P<sign>{signs}){end}"),
                self._amount,
            ),
            (re.compile(r"(?<![\w.,])(\d+)\s?¢"), r"\1 cents"),
        )

    def _per(self, match: re.Match[str]) -> str:
        """Return the words for the end of a rate: "/hr" after a number is "per hour"."""
        if not self._language.is_ours:
            return match[0]
        unit = match[2]
        if unit in UNITS:
            unit = self._language.measure(Decimal(1), UNITS[unit]).removeprefix("1 ")
        return f"{match[1] or ''}{self._language.say('per')}{unit}"

    def _amount(self, match: re.Match[str]) -> str:
        language, parts = self._language, match.groupdict()
        sign, number, upper = parts["sign"], parts["n"], parts["upper"]
        scale = (parts["scale"] or "").strip()
        scale = SCALES.get(scale, scale)
        minus = language.say("minus") if parts.get("minus") else ""
        if upper or scale:
            count = Decimal(1_000_000) if scale else language.decimal(upper)
            span = f"{number}{language.say('to')}{upper}" if upper else number
            return minus + " ".join(filter(None, (span, scale, self._currency(sign, count))))
        whole, _, cents = number.partition(language.point)
        if len(cents) != 2 or not (language.decimal(whole) or language.code == "en"):
            return f"{minus}{number} {self._currency(sign, language.decimal(number))}"
        return minus + self._coins(sign, whole, int(cents))

    def _coins(self, sign: str, whole: str, cents: int) -> str:
        """Return an amount with two decimals: "3 dollars and 50 cents", "3 Euro 50"."""
        count = self._language.decimal(whole)
        notes = f"{whole} {self._currency(sign, count)}"
        if self._language.code != "en":
            return f"{notes}{self._language.words['cents']}{cents}" if cents else notes
        if sign not in "$€":
            return f"{notes} {cents or ''}".strip()
        coins = f"{cents} cent{'' if cents == 1 else 's'}"
        return " and ".join([notes] * (count > 0 or not cents) + [coins] * (cents > 0))

    def _currency(self, sign: str, count: Decimal) -> str:
        """Return the name of *count* of a currency: "dollars" for "$", "US dollars" for "USD"."""
        name = get_currency_name(CURRENCIES[sign], count, locale=self._language.locale)
        if sign.isalpha() or sign in _FOREIGN:
            return name
        return re.split(r"[\s-]", name)[0 if self._language.code in _NOUN_FIRST else -1]

    def _units(self) -> tuple[Rule, ...]:
        signs = "|".join(map(re.escape, sorted(UNITS, key=len, reverse=True)))
        number = rf"(?<![\w.,])(?P<n>{self._language.number})"
        to = self._language.say("to")
        return (
            (re.compile(r"(?<![\w.])\.(?=\d)"), f"0{self._language.point}"),
            (
                re.compile(rf"({number}\s?(?:{signs}|[%°]))\s?{DASH}\s?(?=\d+\s?(?:{signs}|[%°]))"),
                lambda m: f"{m[1]}{to}",
            ),
            (re.compile(r"\b(\d+)(?:'|\s?ft\.?)\s?(\d{1,2})(?:\"|''|\s?in\b\.?)"), self._feet),
            (
                re.compile(r"(?<![\w.,])(\d+\.\d+|\d+(?=M))([kKMB])\b"),
                lambda m: f"{m[1]} {SCALES[m[2]]}" if self._language.code == "en" else m[0],
            ),
            (re.compile(r"\b(\d\d)([2-9])0s\b"), self._decade),
            (re.compile(r"(?<![\w.,])'?([2-9])0s\b"), self._decade),
            (re.compile(rf"{number}[\s-]?(?P<unit>{signs})(?![\w²³^%']|/\D)(?!\.\w)"), self._unit),
            (re.compile(r"\s?%"), self._language.say("percent")),
            (re.compile(r"\s?°(?!\w)"), self._language.say("degrees")),
        )

    def _feet(self, match: re.Match[str]) -> str:
        feet = self._language.measure(Decimal(match[1]), "length-foot")
        return f"{feet} {self._language.measure(Decimal(match[2]), 'length-inch')}"

    def _decade(self, match: re.Match[str]) -> str:
        if self._language.code != "en":
            return match[0]
        *century, tens = match.groups()
        return " ".join([*century, _DECADES[int(tens) - 2]])

    def _unit(self, match: re.Match[str]) -> str:
        measure = self._language.measure(self._language.decimal(match["n"]), UNITS[match["unit"]])
        return (
            f"{measure} {self._language.words['per_second']}"
            if match["unit"].endswith(("bps", "B/s", "it/s"))
            else measure
        )
