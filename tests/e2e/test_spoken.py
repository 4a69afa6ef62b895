"""Signs and numbers are spoken, recognised again, and still mean the same."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import OUR_OWN
from workers.engines import factory
from workers.engines.protocols import Recognizer, Synthesizer
from workers.engines.tts.text_normalization import speakable

pytestmark = pytest.mark.e2e

for library in ("piper", "faster_whisper", "whisper_normalizer"):
    pytest.importorskip(library)

from whisper_normalizer.english import EnglishTextNormalizer  # noqa: E402  # after the skip

SENTENCES = [
    "The answer is 2+2=4.",
    "I think that 3×4 = 12 is right.",  # noqa: RUF001  # the sign is the subject
    "If you take 10 - 3 you get 7.",
    "Outside it is -5 °C today.",
    "The temperature is 72°F right now.",
    "The shop opens at 8:00 in the morning.",
    "The party is on 2024-03-05 in the evening.",
    "The war ended in 1945. The city was rebuilt.",
    "She was born in the 1990s in Texas.",
    "It costs $5 for a ticket.",
    "The price is $3.50 for each.",
    "The company made $5 million last year.",
    "You get 20% off & free delivery.",
    "The distance is about 120 km from here.",
    "My speed was 100 km/h on the road.",
    "My phone has 16 GB of memory.",
    "It takes 10-15 minutes to cook.",
    "Please add 1/2 cup of sugar.",
    "You can call us at 555-1234 any time.",
    "The room is 5 m wide, i.e. very large.",
    "The value of x^2 is larger.",
    "That is 5 > 3, as we know.",
    "About 1,000 people came to see it.",
    "It is 3.5 times as big.",
    "**Very** important: `wait` for me 👍.",
    "Tom &amp; Jerry is a funny show.",
    '<speak>Hello <break time="500ms"/> my friend.</speak>',
]


@pytest.fixture(scope="module")
def voice() -> Synthesizer:
    return factory.synthesizer(OUR_OWN)


@pytest.fixture(scope="module")
def whisper() -> Recognizer:
    return factory.recognizer(OUR_OWN)


def meaning(text: str) -> str:
    """Return *text* as both sides may write it: the recogniser writes "$5" and "120 km", too."""
    plain: str = EnglishTextNormalizer()(speakable(text)).replace("km", "kilometers")
    return plain


@pytest.mark.parametrize("text", SENTENCES)
def test_what_is_heard_is_what_was_written(
    voice: Synthesizer, whisper: Recognizer, text: str
) -> None:
    pcm = bytes(6400) + b"".join(voice.synthesize(text)) + bytes(6400)
    assert meaning(whisper.transcribe(pcm, language="en").text) == meaning(text)
