"""All rules of a language in order."""

from functools import lru_cache

from workers.engines.tts.spoken.amounts import Amounts
from workers.engines.tts.spoken.arithmetic import Arithmetic
from workers.engines.tts.spoken.language import Rule, SpeechLanguage
from workers.engines.tts.spoken.names import Names
from workers.engines.tts.spoken.times import Times


def spoken(text: str, language: str) -> str:
    """Return *text* with its numbers and signs in words of *language*, ISO 639-1."""
    for pattern, words in _rules(language):
        text = pattern.sub(words, text)
    return text


@lru_cache(maxsize=8)
def _rules(code: str) -> tuple[Rule, ...]:
    language = SpeechLanguage(code)
    names, times = Names(language), Times(language)
    amounts, arithmetic = Amounts(language), Arithmetic(language)
    if not language.is_ours:
        return (*times.dates(), *amounts.rules()) if language.is_known else ()
    return (
        *names.rules(),
        *times.rules(),
        *names.digits(),
        *amounts.rules(),
        *arithmetic.rules(),
    )
