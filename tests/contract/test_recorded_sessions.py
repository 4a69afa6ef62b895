"""Recorded sessions are decided again: a change comes to the same decisions, to the ms.

`tests/recorded/` holds sessions of real engines and callers (its MANIFEST.md lists them) and, for
each, the decisions that Aura makes from its inputs, in its configuration and in others. A change
that is meant to decide otherwise writes these files anew, for the reviewer to see:
`python -m tests.contract.test_recorded_sessions`.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import NODEFAULT

from aura.replay import redecide, what_if
from runtime.sessions.file import unpack
from runtime.sessions.finding import decoded
from schemas.events import AnyEvent, Event

RECORDED = Path(__file__).parents[1] / "recorded"
SESSIONS = sorted(path.stem for path in RECORDED.glob("*.aura"))
NOT_COMPARED = {"tenant", "session", "type", "at_ms"}
OTHER: dict[str, dict[str, Any]] = {
    "as recorded": {},
    "eagerness=low": {"turns.eagerness": "low"},
    "eagerness=high": {"turns.eagerness": "high"},
    "min_speech_ms=200": {"turns.min_speech_ms": 200},
}


@functools.cache
def usual(kind: type[Event]) -> dict[str, Any]:
    """Return the defaults of events of *kind*, by the names of the wire."""
    return {field.encode_name: field.default for field in msgspec.structs.fields(kind)}


def plain(event: Event) -> list[Any]:
    """Return *event* as its tag, its time, and what it says by the names of the wire.

    Defaults are left out, so that a field that is added changes nothing here.
    """
    wire: dict[str, Any] = msgspec.to_builtins(event)
    known = usual(type(event))
    own = {k: v for k, v in wire.items() if k not in NOT_COMPARED and v != known.get(k, NODEFAULT)}
    return [wire["type"], event.at_ms, own]


def digest(events: list[Event]) -> str:
    """Return the SHA-256 of all that *events* say."""
    text = json.dumps(
        [plain(one) for one in events], sort_keys=True, separators=(",", ":"), ensure_ascii=True
    )
    return hashlib.sha256(text.encode()).hexdigest()


def written(found: dict[str, Any]) -> str:
    """Return *found* as JSON with one event a line."""
    lines: list[str] = []
    for one in found["connections"]:
        events = one["decided"]["events"]
        lines += [json.dumps(event, sort_keys=True) for event in events]
        one["decided"]["events"] = [f"line {len(lines) - n}" for n in range(len(events), 0, -1)]
    text = json.dumps(found, indent=1)
    return re.sub(r'"line (\d+)"', lambda found: lines[int(found[1])], text) + "\n"


def session(name: str) -> list[AnyEvent]:
    return decoded(unpack((RECORDED / f"{name}.aura").read_bytes()).events)


def decisions(events: list[AnyEvent]) -> dict[str, Any]:
    """Return what today's code decides, in the form of the files beside the sessions."""
    made: list[dict[str, Any]] = []
    for one in redecide.connections(events):
        now = redecide.decide(one)
        rehearsed: dict[str, Any] = {}
        for name, changes in OTHER.items():
            then = what_if.rehearse(one, one.config.but(changes))
            differences = [
                f"{d.at_ms} | {d.recorded or '-'} | {d.now or '-'}"
                for d in what_if.differences(one.decided, then)
            ]
            rehearsed[name] = {
                "count": len(then),
                "sha256": digest(then),
                "differences": differences,
            }
        made.append(
            {
                "began": plain(one.began)[:2],
                "inputs": len(one.inputs),
                "same_as_recorded": now == one.decided,
                "decided": {
                    "count": len(now),
                    "sha256": digest(now),
                    "events": [plain(event) for event in now],
                },
                "rehearsed": rehearsed,
            }
        )
    return {"connections_begun": redecide.begun(events), "connections": made}


@pytest.mark.parametrize("name", SESSIONS)
def test_a_recorded_session_is_decided_as_before(name: str) -> None:
    known = json.loads((RECORDED / "golden" / f"{name}.json").read_text(encoding="utf-8"))
    now = json.loads(json.dumps(decisions(session(name))))
    assert now["connections_begun"] == known["connections_begun"]
    for then, today in zip(known["connections"], now["connections"], strict=True):
        assert today["began"] == then["began"]
        assert today["inputs"] == then["inputs"]
        assert today["decided"]["events"] == then["decided"]["events"]
        assert today["decided"]["sha256"] == then["decided"]["sha256"]
        assert today["same_as_recorded"] == then["same_as_recorded"]
        for other, rehearsed in then["rehearsed"].items():
            assert today["rehearsed"][other] == rehearsed, other


def test_there_are_enough_of_them() -> None:
    assert len(SESSIONS) >= 30


if __name__ == "__main__":
    for each in SESSIONS:
        text = written(decisions(session(each)))
        (RECORDED / "golden" / f"{each}.json").write_text(text, encoding="utf-8")
