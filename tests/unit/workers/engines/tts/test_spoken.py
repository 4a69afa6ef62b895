"""Numbers, signs and markup in the words that a voice is to say: examples of each kind."""

# ruff: noqa: RUF001 - signs that look like others are the subject

from __future__ import annotations

import pytest

from tests.unit.workers.engines.tts.spoken_english import ENGLISH
from workers.engines.tts.text_normalization import speakable

OTHERS = {
    "de": [
        ("Treffen um 8 am Bahnhof", "Treffen um 8 am Bahnhof"),
        ("50 €/Monat", "50 Euro pro Monat"),
        ("8:00-9:30 Uhr", "8 Uhr bis 9 Uhr 30"),
        ("um 8:00 Uhr", "um 8 Uhr"),
        ("um 8:30", "um 8 Uhr 30"),
        ("2+2=4", "2 plus 2 gleich 4"),
        ("3×4", "3 mal 4"),
        ("5 < 6", "5 kleiner als 6"),
        ("5 €", "5 Euro"),
        ("5,50 €", "5 Euro 50"),
        ("1.000 €", "1.000 Euro"),
        ("5 Mio. €", "5 Millionen Euro"),
        ("-5 °C", "minus 5 Grad Celsius"),
        ("5,5 km", "5,5 Kilometer"),
        ("50 %", "50 Prozent"),
        ("am 5. März", "am 5. märz"),
        ("2024-03-05", "5. märz 2024"),
        ("5.3.2024", "5. märz 2024"),
        ("z.B. so", "zum Beispiel so"),
        ("10-20", "10 bis 20"),
        ("1/2", "ein halb"),
        ("a@b.com", "a at b Punkt com"),
        ("3:2", "3 zu 2"),
        ("Dr. Müller", "Doktor Müller"),
    ],
    "fr": [
        ("8h30", "8 heures 30"),
        ("8:00", "8 heures"),
        ("2+2=4", "2 plus 2 égale 4"),
        ("3×4", "3 fois 4"),
        ("5,50 €", "5 euros 50"),
        ("1 000 €", "1 000 euros"),
        ("-5 °C", "moins 5 degrés Celsius"),
        ("50 %", "50 pour cent"),
        ("05/03/2024", "5 mars 2024"),
        ("p. ex. ici", "par exemple ici"),
        ("½", "un demi"),
        ("n° 5", "numéro 5"),
        ("20 $", "20 dollars"),
    ],
    "es": [
        ("a las 8:30", "a las 8 y 30"),
        ("2+2=4", "2 más 2 es igual a 4"),
        ("8÷2", "8 dividido entre 2"),
        ("5±2", "5 más menos 2"),
        ("−5", "menos 5"),
        ("5,50 €", "5 euros con 50"),
        ("$5", "5 dólares"),
        ("50 %", "50 por ciento"),
        ("05/03/2024", "5 de marzo de 2024"),
        ("p. ej. así", "por ejemplo así"),
        ("½", "un medio"),
    ],
    "it": [
        ("alle 8:30", "alle 8 e 30"),
        ("2+2=4", "2 più 2 uguale 4"),
        ("5,50 €", "5 euro e 50"),
        ("-5 °C", "meno 5 gradi Celsius"),
    ],
    "nl": [
        ("8:30", "8 uur 30"),
        ("2+2=4", "2 plus 2 is gelijk aan 4"),
        ("5,50 €", "5 euro 50"),
        ("50%", "50 procent"),
    ],
    "pt": [
        ("8:30", "8 e 30"),
        ("2+2=4", "2 mais 2 é igual a 4"),
        ("R$ 5,50", "5 Reais e 50"),
        ("−5", "menos 5"),
    ],
    "sv": [
        ("5 km", "5 kilometer"),
        ("2+2=4", "2+2=4"),
    ],
}


@pytest.mark.parametrize("examples", ENGLISH.values(), ids=ENGLISH)
def test_english_numbers_and_signs_become_words(examples: list[tuple[str, str]]) -> None:
    assert [(text, speakable(text)) for text, _ in examples] == examples


@pytest.mark.parametrize("language", OTHERS)
def test_other_languages_have_words_of_their_own(language: str) -> None:
    examples = OTHERS[language]
    assert [(text, speakable(text, language)) for text, _ in examples] == examples


def test_numbers_never_grow_together_whatever_stands_between_them() -> None:
    assert not [sign for sign in "=×÷−±≥≤<>*^#%°@+&~|/§" if "34" in speakable(f"3{sign}4")]
