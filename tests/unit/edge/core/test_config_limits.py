"""Each number of the configuration, at its least and its most: turns are taken all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from edge.core.messages.client_events import CallerTranscript
from edge.core.messages.inputs import Finished
from schemas import events as ev
from schemas.session_config import SessionConfig, bounds
from tests.unit.edge.core.rehearsal import Rehearsal

QUESTION, INTERRUPTION, LAST = "Where is Paris?", "No, I meant the one in Texas.", "Where is Rome?"
LESS_IS_SAID: dict[tuple[str, float], list[str]] = {
    ("interruption.min_words", 20): [QUESTION, LAST],
    ("response.deadline_ms", 1): [],
}
"""Limits that mean that words are too few for an interruption, or too late for any use."""
BASES: dict[str, dict[str, Any]] = {
    "chunks": {},
    "sentences": {"interruption__voice_ms": 500},
    "whole": {"turns__speculate": False},
}

OF_ANY_DELIVERY = {"idle", "limits", "prices", "spend", "tool_use"}
"""Sections that say nothing about how turns are taken and responses are spoken."""


def numbers(of: msgspec.Struct, path: str = "") -> Iterator[str]:
    """Yield the paths of all numbers in the configuration *of*."""
    for field in msgspec.structs.fields(of):
        value = getattr(of, field.name)
        if isinstance(value, msgspec.Struct):
            yield from numbers(value, f"{path}{field.encode_name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{path}{field.encode_name}"


LIMITS = [
    (path, limit)
    for path in numbers(SessionConfig())
    for limit in bounds(path)[1:]
    if limit is not None
]


def test_the_numbers_of_all_sections_are_found() -> None:
    assert {path.split(".")[0] for path, _ in LIMITS} >= {
        "turns",
        "interruption",
        "response",
        "voice",
        "idle",
        "tool_use",
        "limits",
        "spend",
        "prices",
    }


def answered(r: Rehearsal) -> None:
    """Let the latest turn, if it is one, get its response."""
    r.wait(6000)
    taken = r.events(ev.TurnTaken)
    if taken and r.call.responding:
        r.answers("It is far away from here, as far as anybody knows.")
        r.speaks(0, 2000)


@pytest.mark.parametrize(
    ("path", "limit", "delivery"),
    [
        (path, limit, delivery)
        for path, limit in LIMITS
        for delivery in BASES
        if delivery == "chunks" or path.split(".")[0] not in OF_ANY_DELIVERY
    ],
)
def test_turns_are_taken_at_both_limits_of_a_number(path: str, limit: float, delivery: Any) -> None:
    changes = {**BASES[delivery], path.replace(".", "__"): limit}
    r = Rehearsal(delivery, response__greeting="Hello.", **changes)
    r.speaks(0, 500, turn=0)
    r.quiet(1000)
    r.says(1200, QUESTION)
    answered(r)
    r.quiet(500)
    r.says(1200, INTERRUPTION)
    answered(r)
    r.wait(10_000)
    r.says(1200)
    r.quiet(200)
    r.says(100)  # goes on after a pause
    r.quiet(160)
    r.hears(LAST)
    answered(r)
    r.wait(10_000)
    r.give(Finished("caller_left"))
    said = [one.text for one in r.told(CallerTranscript) if one.final]
    assert said == LESS_IS_SAID.get((path, limit), [QUESTION, INTERRUPTION, LAST])
    assert [one.text for one in r.events(ev.TurnCommitted)][-1:] == said[-1:]
    assert len(r.events(ev.SpeechContinued)) == bool(said)
