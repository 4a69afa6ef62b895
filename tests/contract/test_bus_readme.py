"""The README of the contract names every generated file, and says what streams and workers do."""

from __future__ import annotations

import json
import re
from pathlib import Path

from edge.protocols import asyncapi as client_documents
from runtime.bus import jobs, pull_state
from runtime.bus.audio_messages import LOST_AUDIO_S
from schemas import audio, generate, tokens
from schemas.generate import HERE, README
from workers.loop.retry_policy import LAST_ATTEMPT, SECOND_ATTEMPT_S
from workers.loop.stage import FRESH_JOB_S
from workers.loop.worker_loop import HEARTBEAT_S
from workers.tts.speech_chunks import MOST_CHUNK_BYTES

TEXT = (HERE / README).read_text(encoding="utf-8")
ROOT = Path(__file__).parents[2]


def test_every_generated_file_has_its_source_and_its_command() -> None:
    rows = [line.split(" | ") for line in TEXT.splitlines() if " | `python -m " in line]
    by_command: dict[str, set[str]] = {}
    for row in rows:
        names, command = re.findall(r"`([\w.]+)`", row[0]), row[-1].strip(" `|")
        by_command.setdefault(command, set()).update(names)
    assert by_command == {
        "python -m schemas.generate": set(generate.documents()),
        "python -m edge.protocols.asyncapi": set(client_documents.documents()),
    }


def test_the_grammar_of_tokens_is_that_of_the_code() -> None:
    assert f"`{tokens.GRAMMAR}`" in TEXT


def test_a_worker_is_told_the_times_of_our_own() -> None:
    section = " ".join(TEXT.split("## A worker in another language")[1].split())
    assert f"`+WPI` every {HEARTBEAT_S:g} s" in section
    assert f'"expires": {int(jobs.PULL_EXPIRES_S * 1e9)}' in section
    assert f'"idle_heartbeat": {int(jobs.IDLE_HEARTBEAT_S * 1e9)}' in section
    assert f"After {pull_state.LOST_REQUESTS_S:g} s without a message" in section
    assert f"{SECOND_ATTEMPT_S:g} s, then {2 * SECOND_ATTEMPT_S:g} s" in section
    assert f'`-NAK {{"delay": {int(jobs.NEWER_WORKER_S * 1e9)}}}`' in section
    assert LAST_ATTEMPT == 3
    assert "On the third attempt" in section
    assert f"stored more than {FRESH_JOB_S:g} s ago" in section
    assert f"After {LOST_AUDIO_S:g} s without a frame" in section
    assert f"a chunk has {MOST_CHUNK_BYTES // audio.BYTES_PER_MS // 1000} s of audio" in section


def test_the_streams_keep_as_long_as_the_subjects_say() -> None:
    subjects = TEXT.split("## Subjects")[1].split("Internal to Aura")[0]
    for name, hours in (("AURA_EVENTS", 72), ("AURA_RECORDING", 72)):
        stream = json.loads((ROOT / "nats" / "streams" / f"{name}.json").read_text("utf-8"))
        assert stream["max_age"] == hours * 3600 * 1_000_000_000
        assert f"stream {name} (file, {hours} h)" in subjects
    assert f"stream AURA_AUDIO (memory, {audio.AUDIO_RETENTION_S} s)" in subjects
