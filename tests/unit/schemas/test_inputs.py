"""What a call was given is unpacked as it was packed, and small."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import inputs
from schemas.inputs import BadInputsError, InputRow

ROWS = st.one_of(
    st.tuples(st.just(inputs.SOUND), st.tuples(st.sampled_from([640, 3200, 641]))),
    st.tuples(st.just(inputs.TICKED), st.just(())),
    st.tuples(st.just(inputs.SAID), st.tuples(st.text(max_size=9))),
    st.tuples(st.just(inputs.CHUNK), st.tuples(*[st.integers(0, 9)] * 4, st.booleans())),
)
NO_SIZE = b"\x91\x92\x01\x00"
NO_TIMES = b"\x91\x94\x01\x00\x02\x91\xa1x"


@given(st.lists(st.tuples(st.integers(0, 90), ROWS), max_size=40))
def test_inputs_are_unpacked_as_they_were_packed(
    steps: list[tuple[int, tuple[int, tuple[Any, ...]]]],
) -> None:
    at_ms, given_inputs = 1_700_000_000_000, []
    for after_ms, (kind, what) in steps:
        at_ms += after_ms
        given_inputs.append(InputRow(at_ms, kind, what))
    packed = inputs.pack(given_inputs, 1_700_000_000_000)
    assert list(inputs.unpack(packed, 1_700_000_000_000)) == given_inputs


@given(st.lists(st.booleans(), max_size=99))
def test_bits_are_unpacked_as_they_were_packed(bits: list[bool]) -> None:
    assert inputs.unpack_bits(inputs.pack_bits(bits), len(bits)) == bits


def test_a_minute_of_sound_takes_a_byte_a_frame() -> None:
    frames = [InputRow(20 * k, inputs.SOUND, (640,)) for k in range(3000)]
    assert len(inputs.pack(frames, 0)) < 3050


@pytest.mark.parametrize(
    "rows", [b"", b"\xc1", b"\x01", b"\x91\x01", b"\x91\x91\x01", NO_SIZE, NO_TIMES]
)
def test_other_bytes_are_refused(rows: bytes) -> None:
    with pytest.raises(BadInputsError):
        list(inputs.unpack(rows, 0))
    with pytest.raises(BadInputsError):
        list(inputs.partials(rows, 0))


def test_growing_words_are_found_between_the_sounds() -> None:
    words = InputRow(60, inputs.PARTIAL, (1, 60, "what is"))
    sounds = [InputRow(20 * k, inputs.SOUND, (640,)) for k in range(1, 4)]
    packed = inputs.pack([*sounds, words, InputRow(70, inputs.TICKED)], 0)
    assert list(inputs.partials(packed, 0)) == [words]
