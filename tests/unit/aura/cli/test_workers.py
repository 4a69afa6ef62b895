"""What `aura workers` makes of what the processes and the server say."""

from __future__ import annotations

import io

from rich.console import Console

from aura.cli.workers import Look, look_of, tables
from runtime.bus.consumer_lag import Queue
from runtime.bus.discovery import ProcessStatus, Service


def a_worker(role: str, id_: str, done: int | None = None) -> Service:
    return Service(role, id_, ProcessStatus(model="m", slots=2, in_flight=1, done=done))


def test_the_rate_counts_the_jobs_between_two_looks() -> None:
    before = [a_worker("llm", "a", done=10), a_worker("llm", "gone", done=1)]
    now = [a_worker("llm", "a", done=15), a_worker("llm", "new", done=3)]
    rows = {row.id: row for row in look_of(now, before, 2.0, []).workers}
    assert rows["a"].done_per_s == 2.5
    assert rows["new"].done_per_s is None
    assert set(rows) == {"a", "new"}


def test_rows_stand_in_the_order_of_the_river_and_an_edge_tells_its_calls() -> None:
    now = [a_worker("tts", "t"), a_worker("stt", "s"), Service("edge", "e", ProcessStatus(calls=7))]
    rows = look_of(now, [], 0, []).workers
    assert [row.role for row in rows] == ["edge", "stt", "tts"]
    assert rows[0].in_flight == 7
    assert rows[0].slots is None


def test_a_stage_without_a_worker_is_shown_with_its_waiting_jobs() -> None:
    look = Look([], [Queue("llm", 4, 0, 0, 0, oldest_ms=2500)])
    console = Console(width=100, file=io.StringIO(), record=True)
    console.print(tables(look))
    (line,) = [text for text in console.export_text().splitlines() if text.startswith("llm")]
    assert line.split() == ["llm", "0", "0", "0", "4", "2500", "ms", "0"]
