"""Session files of version 1 are read for ever, and decided as they were."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura.replay.redecide import connections
from aura.replay.what_if import differences, rehearse
from runtime.sessions import recorded_audio
from runtime.sessions.file import NotASessionError, SessionFile, pack, unpack
from schemas import events as ev

GOLDEN = Path(__file__).parent / "golden" / "session-v1.aura"


def golden() -> SessionFile:
    return unpack(GOLDEN.read_bytes())


def test_a_file_of_version_1_is_read_and_its_call_decided_again() -> None:
    file = golden()
    events = [one.event() for one in file.events]
    assert (file.tenant, file.session, len(events)) == ("t", "s", file.manifest["events"])
    assert isinstance(events[0], ev.SessionStarted)
    (connection,) = connections(events)
    now = rehearse(connection, connection.config)
    # Since then it takes words to interrupt: all else is decided as it was.
    interrupted = [(one.recorded, one.now) for one in differences(connection.decided, now)]
    assert interrupted == [("is interrupted", ""), ("", "is interrupted")]
    assert recorded_audio.delivered(file.audio) == b"\x01\x02" * 1600


def test_a_file_is_written_as_it_was_read() -> None:
    file = golden()
    again = unpack(pack(file))
    assert [one.data for one in again.events] == [one.data for one in file.events]
    assert [one.headers for one in again.events] == [one.headers for one in file.events]


def test_a_file_of_a_later_version_says_so() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("manifest.json", json.dumps({"format": "aura-session", "version": 2}))
    with pytest.raises(NotASessionError, match="version 2"):
        unpack(data.getvalue())


def test_a_file_cannot_store_anything_under_another_name() -> None:
    file = golden()
    evil = msgspec.structs.replace(file.events[0], subject="aura.ev.other.s.life")
    with pytest.raises(NotASessionError, match="another session"):
        unpack(pack(SessionFile(file.tenant, file.session, [evil])))


@given(st.binary(max_size=200))
def test_anything_else_is_refused_with_one_error(data: bytes) -> None:
    with pytest.raises(NotASessionError):
        unpack(data)


@given(st.integers(0, 2000), st.integers(0, 255))
def test_a_damaged_file_is_refused_or_read_and_nothing_else(at: int, byte: int) -> None:
    data = bytearray(GOLDEN.read_bytes())
    data[at % len(data)] = byte
    with contextlib.suppress(NotASessionError):
        unpack(bytes(data))
