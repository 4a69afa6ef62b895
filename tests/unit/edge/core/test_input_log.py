"""The inputs of a call are logged without audio, and read back as they were."""

import re

import msgspec
import pytest

from edge.core.hearing.framing import FRAME_BYTES, SILENCE
from edge.core.input_log import (
    INPUT_TYPES,
    SECTION_BYTES,
    SECTION_INPUTS,
    SECTION_MS,
    InputLog,
    read,
    short_id,
    to_row,
)
from edge.core.messages.inputs import (
    AnyInput,
    ChunkSpoken,
    Finished,
    ItemAdded,
    KeyPressed,
    Played,
    Sound,
    StageSaid,
    Ticked,
    Typed,
)
from schemas import codec, inputs
from schemas import events as ev
from schemas.inputs import BadInputsError, Rows

GUESS = ev.TranscriptGuess(
    tenant="t", session="s_1", at_ms=5, utterance=0, pause=1, text="hi", confidence=1.0,
    took_ms=1.0, model="m",
)  # fmt: skip
VOICE = bytes(range(256)) * 5


def logged(*given: AnyInput) -> ev.InputsDelivered:
    log = InputLog("t", "s_1")
    for number, one in enumerate(given):
        log.note(one, 1000 + 20 * number)
    return log.pop_section(5000)


LOGGED_AS = {"pcm": "bytes", "event": "id"}


def test_the_table_of_rows_has_each_input_and_its_fields() -> None:
    rows = re.findall(r"^ {4,5}(\d+)  .{14}(\S.*?)?(?:  .*)?$", inputs.__doc__ or "", re.MULTILINE)
    found = {int(number): re.findall(r"\w+", fields) for number, fields in rows}
    known = {
        number: [LOGGED_AS.get(name, name) for name in kind.__struct_fields__]
        for number, kind in INPUT_TYPES.items()
    }
    known[inputs.SOUND] = ["bytes", "ms", "ms"]
    assert found == known


def test_audio_is_logged_as_its_length_and_its_verdicts() -> None:
    part = logged(Sound((VOICE[:FRAME_BYTES],), (True,), FRAME_BYTES + 10), Ticked())
    assert VOICE[:16] not in msgspec.msgpack.encode(part)
    sound, tick = read([part], {})
    assert sound == (1000, Sound((SILENCE,), (True,), FRAME_BYTES + 10))
    assert tick == (1020, Ticked())


def test_bytes_of_a_frame_that_two_inputs_share_are_counted_once_it_is_whole() -> None:
    half = FRAME_BYTES // 2
    part = logged(Sound((), (), half), Sound((VOICE[:FRAME_BYTES],), (True,), half))
    assert [
        one.call_input.voiced for one in read([part], {}) if isinstance(one.call_input, Sound)
    ] == [
        (),
        (True,),
    ]


def test_an_event_is_logged_by_its_id_and_found_again() -> None:
    part = logged(StageSaid(GUESS))
    assert b"hi" not in part.rows
    assert [one.call_input for one in read([part], {short_id(GUESS): GUESS})] == [StageSaid(GUESS)]


def test_an_event_that_is_missing_is_an_error() -> None:
    part = logged(Ticked(), StageSaid(GUESS))
    with pytest.raises(BadInputsError, match=f"its event {short_id(GUESS)} is missing"):
        list(read([part], {"another": GUESS}))


def test_a_clients_words_and_keys_are_read_back() -> None:
    given: list[AnyInput] = [Typed("hello"), KeyPressed("5")]
    assert [one.call_input for one in read([logged(*given)], {})] == given


def test_synthesized_audio_is_read_back_as_silence_of_its_length() -> None:
    [found] = read([logged(ChunkSpoken(turn=1, index=2, chunk=3, pcm=VOICE, last=True))], {})
    assert found.call_input == ChunkSpoken(
        turn=1, index=2, chunk=3, pcm=bytes(len(VOICE)), last=True
    )


def test_a_section_ends_after_its_time_or_its_number_of_inputs_or_with_the_last_input() -> None:
    log = InputLog("t", "s_1")
    assert log.note(Ticked(), 10 * SECTION_MS) is None
    assert log.note(Ticked(), 11 * SECTION_MS - 1) is None
    sections = [log.note(Ticked(), 11 * SECTION_MS)]
    sections += [log.note(Ticked(), 12 * SECTION_MS) for _ in range(SECTION_INPUTS)]
    sections.append(log.note(Finished("end_call"), 12 * SECTION_MS))
    ended = [section for section in sections if section]
    assert [section.section for section in ended] == [0, 1, 2]
    assert [len(list(read([section], {}))) for section in ended] == [3, SECTION_INPUTS, 1]


def test_a_section_ends_once_its_texts_are_long() -> None:
    log, long = InputLog("t", "s"), "\u8a9e" * 32_000
    sections = [log.note(ItemAdded(f"item_{one}", "user", long), one) for one in range(40)]
    kept = [*filter(None, sections), log.pop_section(40)]
    assert [len(codec.encode(one)) < SECTION_BYTES + 4 * 32_000 for one in kept] == [True] * 14
    assert [one.at_ms for one in read(kept, {})] == list(range(40))


def test_an_input_of_a_newer_aura_is_an_error() -> None:
    rows = Rows(0)
    rows.add(5, 99, ())
    part = msgspec.structs.replace(logged(Ticked()), rows=rows.packed())
    with pytest.raises(BadInputsError, match="a newer Aura"):
        list(read([part], {}))


@pytest.mark.parametrize(
    ("known", "what", "reason"),
    [
        (KeyPressed("5"), ("5", "more"), "has more fields: a newer Aura"),
        (Played(1, 100), ("one", 100), "not an input of kind"),
    ],
)
def test_fields_that_this_aura_does_not_know_are_an_error(
    known: AnyInput, what: tuple[object, ...], reason: str
) -> None:
    kind, _ = to_row(known)
    rows = Rows(0)
    rows.add(5, kind, what)
    part = msgspec.structs.replace(logged(Ticked()), rows=rows.packed())
    with pytest.raises(BadInputsError, match=reason):
        list(read([part], {}))
