"""Prepares text for a voice: without markup and emoji, signs as words, whole sentences. Pure."""

import html
import re
import unicodedata
from typing import Final

from workers import sentences as cutting
from workers.engines.tts.spoken.forms import spoken
from workers.engines.tts.spoken.words import LANGUAGES

_FENCE: Final = re.compile(r"^\s*(?:```|~~~).*$", re.MULTILINE)
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG: Final = re.compile(
    r"</?[a-zA-Z][\w:.-]*(?:\s+[\w:-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'>]+))*\s*/?>|<[!?][^>]*>"
)
_LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_AUTOLINK: Final = re.compile(r"<((?:https?://|mailto:)[^\s>]+|[\w.+-]+@[\w.-]+)>")
_URL: Final = re.compile(
    r"(?:https?://(?:www\.)?|\bwww\.)([^\s/)?#:]*[^\s/)?#:.,;!])[^\s)]*?(?=[.,;:!?]*(?:[\s)]|$))"
)
_LINE_MARK: Final = re.compile(
    r"^\s*(?:[-*+\u2022\u2023\u25aa\u00b7\u2013\u2014]\s+(?:\[[ xX]\]\s+)?|#{1,6}\s+|>+\s+)",
    re.MULTILINE,
)
_NUMBERED: Final = re.compile(r"^[ \t]*\d{1,2}[.)][ \t]+", re.MULTILINE)
_TABLE_LINE: Final = re.compile(r"^[\s|:+=-]*-{2,}[\s|:+=-]*$", re.MULTILINE)
_CELLS: Final = re.compile(r"(?:(?<=\S)[^\S\n]*\|[^\S\n]*)+(?=[^\s|])")
_EMPHASIS: Final = re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])([^*\n]*[^\s*])\1(?![\w*])")
_MATH: Final = re.compile(r"\$\$?(?=[^\s$])([^$\n]*[\\^_=+a-z][^$\n]*)(?<!\s)\$\$?(?![\d$])")
_LATEX: Final = (
    (re.compile(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}"), r"\1 / \2"),
    (re.compile(r"\\sqrt\{([^{}]*)\}"), "\u221a\\1"),
    (re.compile(r"\\(?:text|mathrm|mathbf|operatorname)\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\\(?:left|right|big|Big|displaystyle|quad|qquad)\b|\\[,;!()\[\]]"), " "),
    (re.compile(r"\\(?:times|cdot)\b"), " \u00d7 "),
    (re.compile(r"\\div\b"), " \u00f7 "),
    (re.compile(r"\\pm\b"), " \u00b1 "),
    (re.compile(r"\\leq?\b"), " \u2264 "),
    (re.compile(r"\\geq?\b"), " \u2265 "),
    (re.compile(r"\\neq?\b"), " \u2260 "),
    (re.compile(r"\\approx\b"), " \u2248 "),
    (re.compile(r"\\infty\b"), " \u221e "),
    (re.compile(r"\\(?:to|rightarrow|Rightarrow)\b"), " \u2192 "),
    (re.compile(r"\^\{?\\circ\}?"), "\u00b0"),
    (re.compile(r"\\([%$#&_{}])"), r"\1"),
)
_EMOTICON: Final = re.compile(r"(?<!\S)(?:[:;=]['o-]?[)(DPpO/|\\]+|<3)(?=\s|[.,!?]|$)")
_MARKUP: Final = re.compile(r"[*_`~#|<>\[\]{}\\^]+")
_EMOJI_PARTS: Final = "\ufe0f\u20e3"
"""Parts of emoji that are in Unicode's category of accents, whose other characters are kept."""
_STRAIGHT: Final = {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'} | dict.fromkeys(
    (0xA0, 0x202F, 0x2009, 0x2007), " "
)


def speakable(text: str, language: str = "en") -> str:
    """Return *text* in a form that a voice can speak; empty if there is nothing to say.

    Numbers, signs and abbreviations become words of *language*, ISO 639-1.
    """
    text = _MARKUP.sub(" ", spoken(without_markup(text), language))
    signs = "" if language in LANGUAGES else "Sm"  # in other languages the voice may know them
    text = "".join(_heard(letter, signs) for letter in text)
    text = re.sub(r"\s+([.,!?;:)](?!\d))|(?<=\()\s+", r"\1", " ".join(text.split()))
    text = re.sub(r"([,;:])(?:\s*[,;:])+", r"\1", text)
    return text if any(letter.isalnum() for letter in text) else ""


def without_markup(text: str) -> str:
    """Return *text* on one line, without Markdown, HTML, SSML and LaTeX."""
    text = html.unescape(text).translate(_STRAIGHT)
    text = _COMMENT.sub(" ", _FENCE.sub("", text))
    text = _TAG.sub(" ", _AUTOLINK.sub(r"\1", text))
    text = _MATH.sub(r" \1 ", _URL.sub(r"\1", _LINK.sub(r"\1", text)))
    if "\\" in text:
        for command, plain in _LATEX:
            text = command.sub(plain, text)
    text = _EMOTICON.sub(" ", _TABLE_LINE.sub("", text))
    text = _CELLS.sub(", ", _LINE_MARK.sub("", text))
    if len(_NUMBERED.findall(text)) > 1 or _NUMBERED.search(text, text.find("\n") + 1 or len(text)):
        text = _NUMBERED.sub("", text)
    text = _EMPHASIS.sub(r"\2", _EMPHASIS.sub(r"\2", text))
    # Each line of a list becomes a sentence, so that the voice pauses between lines.
    lines = [line.strip(" \t|") for line in text.splitlines() if line.strip(" \t|")]
    return " ".join(
        line if at == len(lines) - 1 or line[-1] in ".!?:;,…\u3002\uff01\uff1f" else f"{line}."
        for at, line in enumerate(lines)
    )


def sentences(text: str, language: str = "en") -> list[str]:
    """Return the sentences of speakable *text*; "Dr. Who paid 3.50." is one."""
    parts: list[str] = []
    at = 0
    for match in re.finditer(cutting.MARKS, text):
        before, after = text[at : match.end()], text[match.end() :]
        if cutting.ends(before, after, language) and not after.lstrip(" \"'(")[:1].islower():
            parts.append(before.strip())
            at = match.end()
    parts.append(text[at:].strip())
    return [part for part in parts if any(letter.isalnum() for letter in part)]


def _heard(letter: str, signs: str) -> str:
    """Return *letter* if it can be read aloud, else a blank, so that its neighbours stay apart."""
    category = unicodedata.category(letter)
    if letter in _EMOJI_PARTS or category == "Cf":
        return ""
    return letter if category[0] in "LMNZP" or category in ("Sc", signs) else " "
