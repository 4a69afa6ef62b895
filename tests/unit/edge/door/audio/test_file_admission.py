"""A compressed file is decoded while there is memory for what waits of it, else not at all."""

from __future__ import annotations

import pytest

from edge.door.audio.file_admission import DECODE, REFUSE, SKIP, FileAdmission
from edge.door.limits.common_bounds import DECODER_BYTES
from runtime.common_share import CommonShare
from runtime.moves import IllegalMoveError

PIECE = 1000


def test_what_waits_and_the_decoder_take_memory_until_the_session_ends() -> None:
    room = CommonShare(10 * DECODER_BYTES).account("a")
    files = FileAdmission(room)
    assert files.admit(PIECE, 0, begins=True) is DECODE
    assert files.admit(PIECE, PIECE, begins=False) is DECODE
    assert room.amount == 2 * PIECE + DECODER_BYTES
    assert files.admit(PIECE, 0, begins=False) is DECODE  # all before it is decoded
    assert room.amount == PIECE + DECODER_BYTES
    files.end()
    assert room.amount == 0
    with pytest.raises(IllegalMoveError):
        files.end()


def test_a_file_without_memory_is_skipped_to_its_end_and_the_next_one_is_tried() -> None:
    share = CommonShare(4 * DECODER_BYTES)
    room, other = share.account("a"), share.account("b")
    files = FileAdmission(room)
    assert files.admit(PIECE, 0, begins=True) is DECODE
    other.take(2 * DECODER_BYTES)
    assert files.admit(DECODER_BYTES, PIECE, begins=False) is REFUSE
    assert room.amount == 0
    assert files.admit(PIECE, 0, begins=False) is SKIP
    assert files.admit(2 * DECODER_BYTES, 0, begins=True) is REFUSE
    other.give_all_back()
    assert files.admit(PIECE, 0, begins=False) is SKIP
    assert files.admit(PIECE, 0, begins=True) is DECODE
    assert files.admit(PIECE, PIECE, begins=False) is DECODE
