"""The common parts of a language's rules: its words, number formats and unit names."""

import datetime
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date
from babel.numbers import get_decimal_symbol, get_group_symbol
from babel.units import format_unit

from workers.engines.tts.spoken.words import LANGUAGES, words

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]
"""A rule: the pattern, and the replacement."""

DASH: Final = "[-\u2010-\u2015\u2212]"
_ANY: Final = "#,##0.############"
"""A number in the usual notation of the language."""
_MONTH_FIRST: Final = {"en"}


class SpeechLanguage:
    """One language."""

    def __init__(self, code: str) -> None:
        """Take *code*: ISO 639-1."""
        self.code = code
        self.is_ours = code in LANGUAGES
        self.is_known = True
        self.words = words(code)
        try:
            self.locale = Locale.parse(code)
        except (UnknownLocaleError, ValueError):
            self.locale = Locale("en")
            self.is_known = False
        self.point = get_decimal_symbol(self.locale)
        groups = get_group_symbol(self.locale) + ("." if self.point == "," else ",")
        self._groups = "".join(" " if sign.isspace() else sign for sign in groups)
        group, point = f"[{re.escape(self._groups)}]", re.escape(self.point)
        self.number = rf"(?:\d{{1,3}}(?:{group}\d{{3}})+(?!\d)|\d+)(?:{point}\d+)?"
        """The pattern of a number."""

    def say(self, name: str) -> str:
        """Return the word with this *name* from the table, between blanks."""
        return f" {self.words[name]} "

    def decimal(self, text: str) -> Decimal:
        """Return the value of *text*, which `number` matches."""
        plain = "".join(letter for letter in text if letter not in self._groups)
        return Decimal(plain.replace(self.point, "."))

    def measure(self, count: Decimal, unit: str) -> str:
        """Return *count* with the name of *unit*, a unit of the CLDR."""
        named_count = format_unit(count, unit, "long", format=_ANY, locale=self.locale)
        return named_count.replace("\xa0", " ")

    def date(self, first: str, second: str, year: str) -> str:
        """Return the words of a date, or '' if it is invalid.

        A year of two digits is in this century.
        """
        whole = year if len(year) == 4 else f"20{year}"
        orders = [(second, first), (first, second)]
        if self.code in _MONTH_FIRST:
            orders.reverse()
        return next((text for order in orders if (text := self.day(whole, *order))), "")

    def day(self, year: str, month: str, day: str) -> str:
        """Return the words of a day, or '' if there is no such day."""
        try:
            when = datetime.date(int(year), int(month), int(day))
        except ValueError:
            return ""
        spoken_date = format_date(when, "long", locale=self.locale)
        return spoken_date.lower() if self.code == "de" else spoken_date  # an ordinal: see `names`
