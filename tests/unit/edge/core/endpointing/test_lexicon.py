"""Each language has words of its own that end a turn, or do not."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from edge.core.endpointing.end_of_turn import (
    WAITS,
    Evidence,
    is_backchannel,
    is_finished,
    sounds_finished,
    wait_ms,
    words,
)
from edge.core.endpointing.lexicon import LEXICONS, NEUTRAL, Lexicon, lexicon

FINISHED = {
    "de": (
        "Ruf mich an.",
        "Ich komme mit.",
        "Mach das Licht aus.",
        "Machen Sie bitte die Tür zu.",
        "Das ist alles, was ich brauche.",
        "Wo wohnen Sie?",
        "Wo kommst du her?",
        "Das ist richtig, oder?",
        "Kann ich das mal sehen?",
        "Ich weiß nicht, wo das Problem ist.",
        "Wenn es morgen regnet, bleiben wir zu Hause.",
    ),
    "en": (
        "Call me back.",
        "I need a taxi to the airport.",
        "My name is Peter.",
        "What are you looking at?",
        "If it rains tomorrow, we will stay at home.",
    ),
    "es": (
        "Llámame mañana por la tarde.",
        "Quiero reservar una mesa.",
        "Me llamo Carmen.",
        "¿Dónde está la estación?",
        "¿Y por qué?",
        "¿Qué número es?",
        "Está todo bien, ¿no?",
        "Si llueve mañana, nos quedamos en casa.",
    ),
    "fr": (
        "Rappelez-moi demain matin.",
        "Je voudrais réserver une table.",
        "Oui, s'il vous plaît.",
        "Encore un café, s'il vous plaît.",
        "Je ne sais pas ce que c'est.",
        "Tu habites où ?",
        "C'est pour quand ?",
        "S'il pleut demain, on reste à la maison.",
    ),
    "it": (
        "Richiamami domani mattina.",
        "Vorrei prenotare un tavolo.",
        "Non lo so ancora.",
        "Dov'è la stazione?",
        "Che numero è?",
        "Può ripetere, per favore?",
        "Se piove domani, restiamo a casa.",
    ),
    "nl": (
        "Bel me morgen op.",
        "Doe het licht aan.",
        "Daar hou ik van.",
        "Ik weet het.",
        "Zeg het maar.",
        "Ik weet niet wat het probleem is.",
        "Waar kijk je naar?",
        "Dat klopt, toch?",
        "Als het morgen regent, blijven we thuis.",
    ),
    "pt": (
        "Me liga amanhã de manhã.",
        "Quero reservar uma mesa.",
        "Eu vou embora.",
        "Onde fica a estação?",
        "Você mora onde?",
        "E por que?",
        "Está tudo certo, né?",
        "Se chover amanhã, ficamos em casa.",
    ),
}
UNFINISHED = {
    "de": (
        "Ich brauche ein Taxi zum",
        "Ich suche ein Geschenk für meine.",
        "Ich habe angerufen, weil",
        "Ich hätte gerne.",
        "Meine Nummer ist null eins sieben",
        "Meine Nummer ist.",
        "Wenn es morgen regnet.",
        "Moment mal.",
        "Können Sie mir?",
    ),
    "en": (
        "I need a taxi to the",
        "So I called them, and",
        "My name is.",
        "My number is five five five",
        "If it rains tomorrow.",
    ),
    "es": (
        "Necesito un taxi para el",
        "Llamé ayer, pero.",
        "Me gustaría.",
        "Mi número es seis cinco cuatro",
        "Si llueve mañana.",
        "¿Me puede decir?",
    ),
    "fr": (
        "J'ai besoin d'un taxi pour la",
        "J'ai appelé hier, mais.",
        "Je voudrais.",
        "Mon numéro est zéro six douze",
        "Quand il pleut demain.",
        "Est-ce que vous ?",
    ),
    "it": (
        "Ho bisogno di un taxi per la",
        "Ho chiamato ieri, ma.",
        "Mi chiamo.",
        "Il mio numero è tre quattro sette",
        "Se domani piove.",
        "Mi può dire?",
    ),
    "nl": (
        "Ik wil een taxi met de",
        "Ik heb gebeld, omdat.",
        "Mijn naam is.",
        "Mijn nummer is nul zes een",
        "Als het morgen regent.",
        "Kunt u me?",
    ),
    "pt": (
        "Preciso de um táxi para o",
        "Eu liguei ontem, mas.",
        "Meu nome é.",
        "Meu número é nove oito sete",
        "Se chover amanhã.",
        "Pode me dizer?",
    ),
}
OPEN_QUESTIONS = {
    "de": "Haben Sie das auch in der?",
    "en": "Do you have this in a?",
    "es": "¿Tiene usted esto en el?",
    "fr": "Vous avez la même chose dans le ?",
    "it": "Avete la stessa cosa con il?",
    "nl": "Heeft u dit ook met een?",
    "pt": "Você tem isso para o?",
}
ANSWERS = {
    "de": ("Ja, gerne.", "Nein, danke.", "Stimmt."),
    "en": ("Yes, please.", "No, thanks.", "Correct."),
    "es": ("Sí, claro.", "No, gracias.", "De acuerdo."),
    "fr": ("Oui.", "Non, merci.", "D'accord."),
    "it": ("Sì, grazie.", "Va bene.", "Niente."),
    "nl": ("Ja hoor.", "Nee, bedankt.", "Klopt."),
    "pt": ("Sim.", "Não, obrigada.", "Isso."),
}
BACKCHANNELS = {
    "de": ("Mhm.", "Ja, ja.", "Ach so.", "Alles klar.", "Ja, genau."),
    "en": ("Mhm.", "Uh-huh.", "Okay, okay.", "Yeah.", "Oh, right."),
    "es": ("Mhm.", "Sí, sí.", "De acuerdo.", "Ajá.", "Vale, vale."),
    "fr": ("Mhm.", "Oui, oui.", "D'accord.", "Ah bon.", "Très bien."),
    "it": ("Mhm.", "Sì, sì.", "Va bene.", "Ho capito.", "Certo."),
    "nl": ("Mm-hmm.", "Ja, ja.", "Ja hoor.", "Oké.", "Precies."),
    "pt": ("Uhum.", "Sim, sim.", "Tá bom.", "Entendi.", "Pois é."),
}
INTERRUPTIONS = {
    "de": ("Nein.", "Stopp.", "Moment mal.", "Ja, aber.", "Alles."),
    "en": ("No.", "Stop.", "Hold on.", "Yes, but."),
    "es": ("No.", "Para.", "Espera un momento.", "Sí, pero."),
    "fr": ("Non.", "Arrête.", "Attends.", "Oui, mais."),
    "it": ("No.", "Basta.", "Un attimo.", "Sì, ma."),
    "nl": ("Nee.", "Stop.", "Wacht even.", "Ja, maar."),
    "pt": ("Não.", "Para.", "Espera um momento.", "Sim, mas."),
}


def each(phrases: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    assert phrases.keys() == LEXICONS.keys()
    return [(language, text) for language, those in phrases.items() for text in those]


@pytest.mark.parametrize(("language", "text"), each(FINISHED))
def test_a_sentence_that_may_end_is_not_waited_for_long(language: str, text: str) -> None:
    assert sounds_finished(text, language=language) is True
    sure, unsure = (
        wait_ms(Evidence(text, p, language=language), WAITS["auto"]) for p in (0.99, 0.1)
    )
    assert sure in {WAITS["auto"].finished_ms, WAITS["auto"].stated_ms}
    assert unsure == WAITS["auto"].unclear_ms


@pytest.mark.parametrize(("language", "text"), each(UNFINISHED))
def test_words_that_cannot_end_are_waited_for_however_sure_the_recogniser_is(
    language: str, text: str
) -> None:
    assert sounds_finished(text, language=language) is False
    assert is_finished(Evidence(text, 0.99, language=language)) is False


@pytest.mark.parametrize(("language", "text"), OPEN_QUESTIONS.items())
def test_a_question_that_breaks_off_is_not_over(language: str, text: str) -> None:
    assert sounds_finished(text, language=language) is None


@pytest.mark.parametrize(("language", "text"), each(ANSWERS))
def test_a_short_answer_is_whole_after_a_question_only(language: str, text: str) -> None:
    assert is_finished(Evidence(text, asked=True, language=language)) is True
    assert is_finished(Evidence(text, language=language)) is None


@pytest.mark.parametrize(("language", "text"), each(BACKCHANNELS))
def test_a_backchannel_does_not_interrupt(language: str, text: str) -> None:
    assert is_backchannel(text, language)


@pytest.mark.parametrize(("language", "text"), each(INTERRUPTIONS))
def test_other_words_may_interrupt(language: str, text: str) -> None:
    assert not is_backchannel(text, language)


@pytest.mark.parametrize(
    "text", ["Steig bitte ein.", "Ich nehme einen.", "J'en veux bien une.", "Quiero sólo una."]
)
def test_an_article_that_may_also_stand_alone_is_left_to_the_witnesses(text: str) -> None:
    language = {"S": "de", "I": "de", "J": "fr", "Q": "es"}[text[0]]
    assert sounds_finished(text, language=language) is None
    assert sounds_finished(text.rstrip("."), language=language) is False
    assert is_finished(Evidence(text, 0.95, language=language)) is True


def test_words_of_one_language_say_nothing_in_another() -> None:
    assert sounds_finished("Ruf mich an.", language="en") is False
    assert sounds_finished("Ruf mich an.", language="de") is True
    assert not is_backchannel("Genau.", "en")
    assert not is_backchannel("Right.", "de")


@pytest.mark.parametrize("language", ["sv", "pl", "ja", "auto", "AUTO", "", "xx-YY"])
def test_a_language_without_a_lexicon_has_punctuation_and_witnesses_alone(language: str) -> None:
    assert lexicon(language) is NEUTRAL
    assert sounds_finished("Ring mig and.", language=language) is True
    assert sounds_finished("Ring mig and", language=language) is None
    assert sounds_finished("Ring mig,", language=language) is False
    assert sounds_finished("Ring mig...", language=language) is False
    assert sounds_finished("Kan du ringa mig?", language=language) is True
    assert is_finished(Evidence("Ring mig and", 0.95, language=language)) is True
    assert is_finished(Evidence("Ring mig and.", 0.1, language=language)) is None


@pytest.mark.parametrize("language", ["sv", "auto", "de", "en"])
def test_digits_are_a_number_in_every_language(language: str) -> None:
    assert sounds_finished("070 123", language=language) is False
    assert sounds_finished("070 123.", language=language) is False


@pytest.mark.parametrize("language", ["ja", "auto", ""])
def test_a_hum_is_a_nod_in_every_language_and_no_word_is(language: str) -> None:
    assert is_backchannel("Mhm.", language)
    assert not is_backchannel("Okay.", language)


@pytest.mark.parametrize(
    ("code", "of"), [("en-US", "en"), ("DE", "de"), ("pt_BR", "pt"), (" fr-CA ", "fr")]
)
def test_a_language_is_known_by_the_first_part_of_its_code(code: str, of: str) -> None:
    assert lexicon(code) is LEXICONS[of]


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("zh", "你好", 1),
        ("zh", "我想订一张明天晚上的桌子。", 6),
        ("ja", "はい", 1),
        ("ja", "もしもし", 2),
        ("ja", "明日の夜、テーブルを予約したいです。", 8),
        ("th", "สวัสดี", 2),
        ("th", "ช่วยโทรกลับหาผมพรุ่งนี้หน่อย", 6),
        ("hi", "नमस्ते", 1),
        ("hi", "मुझे कल फ़ोन करो।", 4),
        ("zh", "我要3个iPhone", 4),
        ("ko", "내일 전화해 주세요.", 3),
    ],
)
def test_words_are_counted_where_no_blanks_stand_between_them(
    language: str, text: str, count: int
) -> None:
    assert len(words(text)) == count, language


@pytest.mark.parametrize(
    ("language", "text", "finished"),
    [
        ("zh", "请明天给我打电话。", True),
        ("zh", "你叫什么名字？", True),  # noqa: RUF001  # as it is written
        ("zh", "我昨天打过电话，", False),  # noqa: RUF001  # as it is written
        ("zh", "你好。", None),
        ("ja", "明日電話してください。", True),
        ("ja", "駅はどこですか？", True),  # noqa: RUF001  # as it is written
        ("ja", "昨日電話したんですが、", False),
        ("ja", "はい。", None),
        ("th", "ช่วยโทรกลับหาผมพรุ่งนี้หน่อย", None),
    ],
)
def test_a_sentence_without_blanks_ends_by_its_punctuation_and_the_witnesses(
    language: str, text: str, finished: bool | None
) -> None:
    assert sounds_finished(text, language=language) is finished
    if finished is not False:
        many = len(words(text)) > 2
        assert is_finished(Evidence(text, 0.95, language=language)) is (True if many else None)


@pytest.mark.parametrize("entries", LEXICONS.values(), ids=LEXICONS.keys())
def test_every_entry_of_a_lexicon_can_be_met_in_words(entries: Lexicon) -> None:
    for name in ("open_ends", "asks_on", "subordinate", "answers", "numbers"):
        for entry in getattr(entries, name):
            assert words(entry) == [entry]
    for phrase in entries.openings:
        assert 2 <= len(words(phrase)) <= 3
        assert " ".join(words(phrase)) == phrase
    for phrase in entries.backchannels:
        assert " ".join(words(phrase.replace("-", " "))) == phrase
        assert len(words(phrase)) <= 3
