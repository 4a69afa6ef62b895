"""Session files of version 1 are read for ever, and decided as they were."""

from __future__ import annotations

import contextlib
import io
import json
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import msgpack
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
    waits = {"finished_ms": 440, "unclear_ms": 1500, "unfinished_ms": 1700}  # as they were
    now = rehearse(connection, connection.config.but({"turns.waits": waits}))
    # Since then it takes words to interrupt, and who speaks so soon after the first sound of a
    # response goes on with the turn (ADR 30): all else is decided as it was.
    assert [(one.recorded, one.now) for one in differences(connection.decided, now)] == [
        ("is interrupted", ""),
        ("", "waits for the rest of the sentence"),
        (
            "answers 'With my dog.' after 440 ms of silence",
            "answers 'I would like to fly to Paris. With my dog.' after 800 ms of silence",
        ),
    ]
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


MANIFEST = {"format": "aura-session", "version": 1, "tenant": "t", "session": "s"}


def made(events: bytes, audio_mib: int = 0, manifest: bytes | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("manifest.json", manifest or json.dumps(MANIFEST))
        archive.writestr("events.msgpack", events)
        with archive.open("audio.msgpack", "w") as audio:
            for _ in range(audio_mib):
                audio.write(bytes(1 << 20))
    return out.getvalue()


@pytest.mark.parametrize(
    "row",
    [
        ["", {}, b"", ""],
        [[[]] * 4, {}, b"", ""],
        [[], [], [], []],
        ["aura.ev.t.s.life", {str(number): "" for number in range(100)}, b"", ""],
        ["aura.ev.t.s.life", {}, bytes(2 << 20), ""],
    ],
)
def test_a_small_file_that_unpacks_to_much_is_refused_at_little_cost(row: Any) -> None:
    packed = msgpack.packb(row)
    hostile = made(packed * ((60 << 20) // len(packed)))
    assert len(hostile) < 1 << 20
    tracemalloc.start()
    try:
        with pytest.raises(NotASessionError):
            unpack(hostile)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 150 << 20


def test_a_small_file_of_very_many_messages_is_refused() -> None:
    packed = msgpack.packb(["aura.ev.t.s.life", {}, b"", ""])
    with pytest.raises(NotASessionError, match="more than 200000 messages"):
        unpack(made(packed * 250_000))


def test_each_part_has_a_largest_size() -> None:
    for hostile, part in (
        (made(bytes(65 << 20)), "events.msgpack"),
        (made(b"", audio_mib=513), "audio.msgpack"),
        (made(b"", manifest=bytes(2 << 20)), "manifest.json"),
    ):
        with pytest.raises(NotASessionError, match=part):
            unpack(hostile)
