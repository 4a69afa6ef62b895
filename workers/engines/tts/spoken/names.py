"""Addresses, abbreviations, and numbers that are read digit by digit."""

import re

from workers.engines.tts.spoken.language import DASH, Rule, SpeechLanguage
from workers.engines.tts.spoken.words import ABBREVIATIONS


class Names:
    """Rules for addresses, abbreviations and numbers that are names."""

    def __init__(self, language: SpeechLanguage) -> None:
        self._language = language

    def rules(self) -> tuple[Rule, ...]:
        return (*self._addresses(), *self._abbreviations())

    def _spell(self, text: str) -> str:
        """Return an address with its signs as words."""
        names = {".": "dot", "/": "slash", "_": "underscore", "-": "dash", ":": "colon", "@": "at"}
        return "".join(self._language.say(names[sign]) if sign in names else sign for sign in text)

    def _addresses(self) -> tuple[Rule, ...]:
        return (
            # E-mail addresses; then IP addresses, and versions with three parts.
            (
                re.compile(r"(?:mailto:)?\b([\w.+-]+@\w[\w-]*(?:\.\w[\w-]*)+)"),
                lambda m: self._spell(m[1]),
            ),
            (re.compile(r"(?<![\w.])[vV]?\d+(?:\.\d+){2,}(?::\d+)?(?![\w.]?\d)"), self._version),
            (re.compile(r"\blocalhost:(\d+)"), lambda m: self._spell(m[0])),
        )

    def _version(self, match: re.Match[str]) -> str:
        parts = match[0].split(".")
        if [len(part) for part in parts] == [3, 3, 4]:
            return match[0]  # a telephone number
        if self._language.point == "," and all(len(part) == 3 for part in parts[1:]):
            return match[0]  # 1.000.000
        if (
            len(parts) == 3
            and len(parts[2]) in (2, 4)
            and self._language.date(parts[0], parts[1], parts[2])
        ):
            return match[0]  # 5.3.2024
        return self._spell(match[0])

    def _abbreviations(self) -> tuple[Rule, ...]:
        known = ABBREVIATIONS.get(self._language.code, {})
        months = self._language.locale.months["format"]
        short = {months["abbreviated"][at].rstrip("."): months["wide"][at] for at in range(1, 13)}
        if self._language.code == "en":
            short["Sept"] = "September"
        listed = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
        named = "|".join(map(re.escape, short))
        rules: list[Rule] = [
            (re.compile(rf"\b({named})\b\.?(?=\s*\d)"), lambda m: short[m[1]]),
            (re.compile(rf"(?<=\d)(\.?\s+)({named})\b\.?(?!\w)"), lambda m: m[1] + short[m[2]]),
            (re.compile(r"\bN[or]\.\s?(?=\d)"), self._language.say("number")),
            (re.compile(r"(?<=[A-Z])\.(?=(?:[A-Z]\b|\s[A-Z]))(?<=\b[A-Z]\.)"), ""),
        ]
        if self._language.code == "en":
            rules.append((re.compile(r"\bSt\.(?=\s[A-Z])"), "Saint"))
            rules.append((re.compile(r"(?<=\w\s)St\.(?=\s[a-z\d]|,)"), "Street"))
        if listed:
            rules.insert(0, (re.compile(rf"(?<!\w)({listed})(?!\w)"), lambda m: known[m[1]]))
        if self._language.code == "de":  # the voice reads an ordinal only before a small letter
            wide = "|".join(months["wide"].values())
            rules.append(
                (re.compile(rf"\b(\d{{1,2}}\.\s+)({wide})\b"), lambda m: m[1] + m[2].lower())
            )
        return tuple(rules)

    def digits(self) -> tuple[Rule, ...]:
        """Numbers that are read digit by digit: telephones, cards, long unrounded numbers."""
        plus = self._language.words["plus"]

        def groups(match: re.Match[str]) -> str:
            digit_groups = re.findall(r"\d+", match[0])
            digits = ", ".join(" ".join(group) for group in digit_groups)
            return f"{plus} {digits}" if match[0][0] == "+" else digits

        return tuple(
            (re.compile(pattern), groups)
            for pattern in (
                r"(?<![\w+])\+\d(?:[\s./-]?\(?\d+\)?){2,}(?!\w)",
                rf"(?<![\w.,-])(?:\d{DASH})?\(?\d{{3}}\)?(?:{DASH}|\s|\.)\d{{3}}(?:{DASH}|\.)\d{{4}}\b",
                r"\(\d{3}\)\s?\d{3}[\s.-]\d{4}\b",
                r"(?<![\w.,])0\d{2,4}(?:[\s/-]\d{2,8}){1,4}(?![\w/]|[.,]\d)",
                rf"(?<![\w.,$€£-])(?<!from )(?<!between )\d{{3}}{DASH}(?!\d\d00)\d{{4}}"
                r"(?![\w,.]?\d|\s?[%a-zA-Z°€]*\s?=)",
                r"(?<![\w.,])\d{4}(?:[ -]\d{4}){2,3}\b",
                r"(?<![\w.,$€£+-])(?!\d*000\b)\d{7,}(?![\w%]|[.,]\d)",
                r"(?i:(?<=\bcall )|(?<=\bdial )|(?<=\btext )|(?<=\bring ))\d{3}\b",
            )
        )
