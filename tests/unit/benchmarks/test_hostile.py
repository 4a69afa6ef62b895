"""The measurement of strangers: its frames are frames, its verdicts follow from its figures."""

from __future__ import annotations

import dataclasses
import io
import json
import wave
from pathlib import Path
from typing import Any

import pytest

from benchmarks.hostile import result_file
from benchmarks.hostile.frames import (
    BINARY,
    CONTINUATION,
    TEXT,
    endless_header,
    frame,
    many_keys,
    wav_header,
)
from benchmarks.hostile.http_rows import HTTP_ROWS
from benchmarks.hostile.rows import ROWS, SOURCES, address
from benchmarks.hostile.verdict import RowFigures, line

HELD = RowFigures(
    name="a row",
    source="socket",
    pings_ms=[1.0, 2.0, 90.0],
    without_ms=[1.0],
    late_ms=20.0,
    unanswered=False,
    lost=False,
    growth=0.1,
    cpu=0.3,
    refused=[],
    log_kb_per_s=3.0,
    recorded=0,
    died=[],
    faults=[],
    full=[],
    stolen=0.01,
    sent={},
)


@pytest.mark.parametrize(("stolen", "disturbed"), [(0.0, False), (0.05, False), (0.051, True)])
def test_a_row_is_measured_again_where_the_host_took_cpu_time(
    stolen: float, disturbed: bool
) -> None:
    assert dataclasses.replace(HELD, stolen=stolen).is_disturbed == disturbed


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []),
        ({"pings_ms": [1.0, 102.0]}, ["ping"]),
        ({"pings_ms": []}, ["bystander lost"]),
        ({"lost": True}, ["bystander lost"]),
        ({"unanswered": True}, ["no answer"]),
        ({"late_ms": 101.0}, ["audio late"]),
        ({"growth": 0.21}, ["memory"]),
        ({"refused": ["SESSION_LIMIT"]}, ["others refused (SESSION_LIMIT)"]),
        ({"log_kb_per_s": 201.0}, ["log"]),
        ({"recorded": 1}, ["recorded"]),
        ({"died": ["stt"]}, ["stt died"]),
        ({"faults": ["call_broken", "call_broken"]}, ["call_broken"]),
    ],
)
def test_each_figure_may_spoil_a_row(changes: dict[str, Any], wrong: list[str]) -> None:
    figures = dataclasses.replace(HELD, **changes)
    assert figures.wrong == wrong
    assert line(figures).endswith(", ".join(wrong) or "held")
    assert figures.as_json()["wrong"] == wrong


def test_a_slow_ping_without_an_attack_is_no_fault_of_the_attack() -> None:
    assert dataclasses.replace(HELD, pings_ms=[150.0], without_ms=[60.0]).wrong == []


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_a_frame_says_how_long_it_is(size: int) -> None:
    made = frame(BINARY, b"x" * size)
    code = made[1] & 0x7F
    head = {126: 4, 127: 10}.get(code, 2)
    said = int.from_bytes(made[2:head]) if head > 2 else code
    assert (made[0], made[1] & 0x80, said) == (0x82, 0x80, size)
    assert made[head + 4 :] == b"x" * size
    assert frame(CONTINUATION, fin=False)[0] == 0
    assert frame(TEXT)[0] == 0x81


def test_payloads_are_what_they_say() -> None:
    with wave.open(io.BytesIO(wav_header(64, rate_hz=4001, bits=16) + bytes(64))) as file:
        assert (file.getframerate(), file.getnframes()) == (4001, 32)
    assert len(json.loads(many_keys(1000))) == 1000
    assert 65_500 < len(endless_header()) <= 65_536
    assert b"data" not in endless_header()


def test_each_row_has_addresses_of_its_own() -> None:
    found: set[str] = set()
    for number in range(len(ROWS)):
        mine = {address(source, number, k) for source in SOURCES for k in range(100)}
        assert len(mine) == 201
        assert not mine & found
        found |= mine


def test_every_row_sends_what_can_be_sent() -> None:
    for row in ROWS:
        assert isinstance(row.first(b"\0" * 3200) + row.block(b"\0" * 3200), bytes)
        assert set(row.sockets) == set(SOURCES)


def test_requests_of_http_rows_are_whole_where_they_are_to_be() -> None:
    names = [row.name for row in ROWS] + [row.name for row in HTTP_ROWS]
    assert len(set(names)) == len(names)
    assert len(names) < 254  # each has a third byte of 198.18.0.0/15 of its own
    for row in HTTP_ROWS:
        head = row.head("X-Forwarded-For: 198.18.1.1\r\n", 10)
        assert head.startswith(f"{row.line} HTTP/1.1\r\n".encode())
        assert head.count(b"\r\n\r\n") == (0 if row.cut else row.times)
        assert f"Content-Length: {10 + row.missing_bytes}\r\n".encode() in head
        assert row.held == (row.cut or b"Content-Length: 10\r\n" not in head)


def test_a_row_takes_the_place_of_what_was_measured_of_it_before(
    tmp_path: Path,
) -> None:
    fuzz = dataclasses.replace(HELD, name="fuzz", sent={"messages": 500})
    result_file.keep("hostile", dataclasses.replace(HELD, recorded=1), 3, tmp_path)
    result_file.keep("hostile", HELD, 4, tmp_path)
    for seed in (1, 2, 2):
        result_file.keep("hostile", fuzz, seed, tmp_path)
    found = json.loads((tmp_path / "hostile.json").read_text(encoding="utf-8"))
    assert [(row["row"], row["seed"]) for row in found["rows"]] == [
        ("a row", 0),
        ("fuzz", 1),
        ("fuzz", 2),
    ]
    assert (found["held"], found["of"], found["messages"]) == (3, 3, 1000)
