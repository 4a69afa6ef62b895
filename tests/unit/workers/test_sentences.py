"""Cutting an answer into pieces that can be spoken."""

# ruff: noqa: RUF001 - marks of other scripts are the subject

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.sentences import LONGEST_CHARS, SentenceCutter


def cut(text: str, step: int = 3, language: str = "en") -> list[str]:
    cutter = SentenceCutter(language=language)
    pieces = []
    for at in range(0, len(text), step):
        pieces += cutter.feed(text[at : at + step])
    return pieces + cutter.flush()


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("It is Paris. Do you know it?", ["It is Paris.", "Do you know it?"]),
        ("Dr. Smith is in. Wait!", ["Dr. Smith is in.", "Wait!"]),
        ("It costs 3.50 dollars. Fine.", ["It costs 3.50 dollars.", "Fine."]),
        ('He said "no." Then he left.', ['He said "no."', "Then he left."]),
        ("One line\nanother line", ["One line", "another line"]),
        ("No end", ["No end"]),
        ("...", []),
        ("", []),
        ("It ended in 1945. The war was over.", ["It ended in 1945.", "The war was over."]),
        ("1945. The war", ["1945.", "The war"]),
        ("42. Yes.", ["42. Yes."]),
        ("We meet at 8 p.m. on Monday. Good.", ["We meet at 8 p.m. on Monday.", "Good."]),
        ("It closes at 8 p.m. The bar stays.", ["It closes at 8 p.m.", "The bar stays."]),
        ("Come at 8 a.m. Monday. Bye.", ["Come at 8 a.m. Monday.", "Bye."]),
        ("Mt. Fuji is high. Go.", ["Mt. Fuji is high.", "Go."]),
        ("See Fig. 2 and approx. 5 more.", ["See Fig. 2 and approx. 5 more."]),
        ("In Jan. 2024 it rained. Fine.", ["In Jan. 2024 it rained.", "Fine."]),
        ("No. That is wrong.", ["No.", "That is wrong."]),
        ("Take bus No. 5. Go.", ["Take bus No. 5. Go."]),
        ("The U.S. Army left. Good.", ["The U.S. Army left.", "Good."]),
        ("J. R. R. Tolkien wrote it. Yes.", ["J. R. R. Tolkien wrote it.", "Yes."]),
        ("Take milk, etc. Then go home.", ["Take milk,", "etc.", "Then go home."]),
        ("Wait... what? Hmm... Yes.", ["Wait... what?", "Hmm...", "Yes."]),
        ("Pi is 3.14. Good.", ["Pi is 3.14.", "Good."]),
        ("See https://a.b/c?d=e. Then go.", ["See https://a.b/c?d=e.", "Then go."]),
        ("am 5. März geht es los. Gut.", ["am 5. März geht es los.", "Gut."]),
        ("Das gilt z.B. hier. Ja.", ["Das gilt z.B. hier.", "Ja."]),
        ('<p style="color: red">Hi.</p> Ok', ['<p style="color: red">Hi.</p> Ok']),
        ("今天很好。明天有雨！好", ["今天很好。", "明天有雨！", "好"]),
        ("هل أنت بخير؟ نعم۔ ok", ["هل أنت بخير؟", "نعم۔", "ok"]),
        ("जी हाँ। ठीक है।", ["जी हाँ।", "ठीक है।"]),
    ],
)
def test_a_piece_is_a_sentence(text: str, pieces: list[str]) -> None:
    assert cut(text) == pieces


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
def test_the_pieces_do_not_depend_on_how_the_text_arrives(step: int) -> None:
    text = "It opens at 8 a.m. on Monday. Dr. Who came in 1945. No. 5 left... so be it. Bye."
    assert cut(text, step) == [
        "It opens at 8 a.m. on Monday.",
        "Dr. Who came in 1945.",
        "No. 5 left... so be it.",
        "Bye.",
    ]


BY_LANGUAGE = [
    ("en", ["I talked to Mr. Ng of the fin. dept. at noon.", "It is for me.", "May I?"]),
    ("en", ["That is all of it, incl. tax, approx. 12.50.", 'She said "Stop!"', "He did."]),
    ("de", ["Das kostet ca. 3,50 Euro.", "Frau Dr. Ott kommt am 3. Mai um 15 Uhr.", "Gut?"]),
    ("de", ["Die Hauptstr. 5 ist u. a. im Plan, vgl. Seite 212.", "„Ja.“", "Dann ging er."]),
    ("es", ["El Sr. Gil vive en la Av. Sol, núm. 412.", "¿Cómo está?", "¡Muy bien!"]),
    ("es", ["La Dra. Ruiz llega a las 8 p. m. en punto.", "Eso no.", "Gracias."]),
    ("fr", ["M. Roy attend, p. ex. vous !", "Il a dit « oui. »", "Et alors ?"]),
    ("it", ["Il sig. Re paga 3.50 euro.", "Lo dice il dott. Rossi.", "Va bene?"]),
    ("nl", ["Dat is bijv. dhr. Jansen van de afd. verkoop.", "Goed!"]),
    ("pl", ["Mieszka przy ul. Polnej, np. z bratem.", "Dobrze."]),
    ("ru", ["Дом на ул. Ленина стоит 5 руб. в день.", "Хорошо."]),
    ("tr", ["Dr. Kaya geldi.", "Nasılsınız?", "İyiyim."]),
    ("zh", ["今天很好。", "价格是3.5元，真的吗？！", "他说：“好。明天见。”", "然后走了……好吧。"]),
    ("zh", ["你好!", "明天见?", "好。"]),
    (
        "ja",
        ["元気ですか？", "彼は「そうだね。ありがとう。」と言いました。", "3.5円です。", "はい！"],
    ),
    ("ar", ["هل أنت بخير؟", "نعم، شكرا لك.", "إلى اللقاء!"]),
    ("hi", ["जी हाँ।", "क्या हाल है?", "दाम 3.50 है।", "अच्छा!"]),
    ("ko", ["안녕하세요.", "정말요?", "네!"]),
    ("my", ["ဟုတ်ကဲ့။", "ကောင်းပါတယ်။"]),
    ("hy", ["Այո։", "Լավ։"]),
    ("xx", ["Dr. No came.", "Who?"]),
]


@pytest.mark.parametrize(("language", "sentences"), BY_LANGUAGE)
def test_sentences_of_a_language_are_whole_however_they_arrive(
    language: str, sentences: list[str]
) -> None:
    gap = "" if language in {"zh", "ja", "my"} else " "
    text = gap.join(sentences)
    for step in (1, 2, 3, 5, 1000):
        cutter = SentenceCutter(first=False, language=language)
        pieces = []
        for at in range(0, len(text), step):
            pieces += cutter.feed(text[at : at + step])
        assert pieces + cutter.flush() == sentences, f"{step} characters at a time"


def test_a_region_says_nothing_about_sentences() -> None:
    text = "Das ist Abs. 5 des Gesetzes. Ja."
    assert cut(text, language="de-AT") == cut(text, language="DE") == cut(text, language="de")


def test_a_sentence_of_chinese_is_ready_when_the_next_letter_shows_that_its_marks_are_over() -> (
    None
):
    cutter = SentenceCutter(language="zh")
    assert cutter.feed("真的吗？") == []
    assert cutter.feed("！") == []
    assert cutter.feed("好") == ["真的吗？！"]


def test_the_first_piece_ends_at_a_comma_of_any_script() -> None:
    assert cut("好的，我来帮您订位。", language="zh") == ["好的，", "我来帮您订位。"]
    assert cut("はい、わかりました。", language="ja") == ["はい、", "わかりました。"]
    assert cut("نعم، يمكنني ذلك.", language="ar") == ["نعم،", "يمكنني ذلك."]
    assert cut("Да, конечно.", language="ru") == ["Да,", "конечно."]
    assert cut("「はい、どうぞ。」と言った。", language="ja") == ["「はい、どうぞ。」と言った。"]


def test_a_long_sentence_of_wide_letters_is_cut_sooner() -> None:
    pieces = cut("好" * 300 + "。", language="zh")
    assert max(map(len, pieces)) <= LONGEST_CHARS * 2 // 3 + 3
    assert "".join(pieces) == "好" * 300 + "。"


def test_a_sentence_is_ready_as_soon_as_the_next_one_begins() -> None:
    cutter = SentenceCutter()
    assert cutter.feed("It is Paris.") == []
    assert cutter.feed(" Do") == ["It is Paris."]


def test_the_first_piece_may_end_at_a_comma_so_that_the_voice_starts_sooner() -> None:
    text = "Well, the capital of France has been Paris for a long time, and it still is."
    first, rest = cut(text)
    assert first == "Well,"
    assert rest == text.removeprefix("Well, ")
    assert cut("Yes. " + text)[1:] == [text]
    assert cut("It costs 1,000 dollars.") == ["It costs 1,000 dollars."]


def test_a_text_without_an_end_is_cut_all_the_same() -> None:
    assert all(len(piece) <= LONGEST_CHARS + 3 for piece in cut("word " * 400))
    assert all(len(piece) <= LONGEST_CHARS * 2 + 3 for piece in cut("好" * 2000))


@given(st.text(alphabet="ab .,!?\n'\"", max_size=400), st.integers(1, 40))
def test_nothing_spoken_is_lost_or_reordered_however_the_text_arrives(text: str, step: int) -> None:
    said = "".join("".join(cut(text, step)).split())
    whole = "".join(text.split())
    assert whole.startswith(said)
    assert not any(c.isalnum() for c in whole[len(said) :])
