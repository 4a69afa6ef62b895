"""The table of events has a row for each event, and what surrounds it stays."""

from __future__ import annotations

import typing

import pytest

from schemas import events
from schemas.documents import event_table
from schemas.events import tag
from schemas.generate import HERE, README, consumers, message_types


def test_every_event_has_one_row_with_its_kind() -> None:
    rows = [line.split(" | ") for line in event_table.table().splitlines()[2:]]
    assert sorted((row[1], row[0]) for row in rows) == sorted(
        (f"`{tag(event_type)}`", f"| `{event_type.KIND}`")
        for event_type in typing.get_args(events.AnyEvent)
    )


def test_a_row_says_who_writes_the_event_and_whose_job_it_is() -> None:
    row = next(line for line in event_table.table().splitlines() if "`turn.taken`" in line)
    assert row == (
        "| `turn` | `turn.taken` | Edge → LLM | respond to this turn. The event holds all that the "
        "model needs. A job of stage `llm`. |"
    )


def test_a_token_has_its_grammar_and_its_values() -> None:
    lines = event_table.token_table().splitlines()[2:]
    rows = dict(line.strip("| ").split(" | ") for line in lines)
    assert "`[A-Za-z0-9_-]{1,128}`" in rows["`<tenant>`"]
    assert rows["`<side>`"].endswith("One of `caller`, `client`.")


def test_a_stage_has_its_consumer_its_job_and_its_results() -> None:
    table = event_table.stage_table(message_types(), consumers())
    (row,) = (line for line in table.splitlines() if line.startswith("| `stt`"))
    assert row == (
        "| `stt` | `STT` | `speech.started` on `aura.ev.*.*.speech` | 1.5 s, 4 | "
        "`transcript.guess`, `transcript.final`, `job.failed`, `TranscriptPartial` |"
    )


def test_only_the_text_between_the_marks_changes() -> None:
    text = "before\n<!-- a -->\nold\n<!-- /a -->\nafter"
    assert event_table.filled(text, "a", "new") == "before\n<!-- a -->\nnew\n<!-- /a -->\nafter"


def test_the_readme_holds_the_tables() -> None:
    readme = (HERE / README).read_text(encoding="utf-8")
    assert event_table.table() in readme
    assert event_table.token_table() in readme


def test_a_text_without_the_marks_is_an_error() -> None:
    with pytest.raises(ValueError, match="no marks of events"):
        event_table.filled("no marks", "events", "content")
