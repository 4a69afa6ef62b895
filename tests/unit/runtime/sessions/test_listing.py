"""A list of sessions says of each what its events say."""

from __future__ import annotations

import io
import time
from typing import Any

import msgspec
import pytest
from rich.console import Console
from rich.segment import Segments

from aura.cli.running import CommandError
from aura.cli.sessions import drawing, moment_ms
from runtime.sessions.listing import (
    FORSAKEN_MS,
    REQUEST_PROTOCOL,
    ListedSession,
    SessionFilter,
    folded,
    replays_of,
    summed_up,
)
from schemas import events as ev
from schemas.session_config import SessionConfig
from tests.unit.runtime.story import T0, story


def test_the_last_event_gives_the_same_row_as_all_events() -> None:
    events = story()
    assert summed_up(events[-1]) == folded(events)


def test_a_running_session_has_no_summary_yet() -> None:
    events = story()[:-1]
    assert summed_up(events[-1]) is None
    row = folded(events)
    assert row is not None
    assert (row.ended, row.turns, row.interrupted) == ("", 2, 1)


def test_a_session_that_was_resumed_after_an_end_still_goes_on() -> None:
    *events, ended = story()
    head: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": T0 + 60_000}
    resumed = ev.SessionResumed(**head, edge="e2", config=SessionConfig())
    keys = ev.KeysPressed(**head, keys="1")  # after the end by an edge that was suspended
    for order in ([*events, ended, resumed], [*events, resumed, ended, keys]):
        row = folded(order)
        assert row is not None
        assert row.ended == ""


def test_a_resumed_session_that_nobody_carries_is_forsaken_when_it_cannot_be_resumed() -> None:
    """The edge whose resume was stored, but not acknowledged, has no such connection."""
    resumed = ev.SessionResumed(
        tenant="t", session="s", at_ms=T0 + 60_000, edge="e2", config=SessionConfig()
    )
    for ago_ms, ended in ((FORSAKEN_MS, ""), (FORSAKEN_MS + 1, "forsaken")):
        row = folded([*story(), resumed], resumed.at_ms + ago_ms)
        assert row is not None
        assert row.ended == ended


def test_a_session_with_an_end_is_never_forsaken() -> None:
    assert folded(story(), T0 + 2 * FORSAKEN_MS) == folded(story())


def test_a_caller_who_heard_the_greeting_and_said_nothing_had_no_turn() -> None:
    head: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": T0}
    greeted = ev.AnswerHeard(**head, turn=0, text="Hello!", complete=True, played_ms=1)
    row = folded([greeted])
    assert row is not None
    assert row.turns == 0


def test_the_last_event_of_an_older_aura_has_no_summary() -> None:
    old = msgspec.structs.replace(story()[-1], started_at_ms=0)
    assert summed_up(old) is None


@pytest.mark.parametrize(
    ("wanted", "yes"),
    [
        (SessionFilter(), True),
        (SessionFilter(tenant="acme", user="ann"), True),
        (SessionFilter(user="bob"), False),
        (SessionFilter(errors=True), False),
        (SessionFilter(slow_ms=500), True),
        (SessionFilter(slow_ms=600), False),
        (SessionFilter(interrupted=True), True),
        (SessionFilter(since_ms=T0 + 1), False),
        (SessionFilter(calls_only=True), True),
    ],
)
def test_a_filter_leaves_out_other_sessions(wanted: SessionFilter, yes: bool) -> None:
    row = folded(story())
    assert row is not None
    assert wanted.wants(row) is yes


def test_a_request_of_the_speech_endpoints_is_no_call() -> None:
    request = ListedSession("b_1", "t", protocol=REQUEST_PROTOCOL)
    assert SessionFilter().wants(request)
    assert not SessionFilter(calls_only=True).wants(request)


def test_a_row_as_json_says_when_it_began_in_words_of_iso_8601() -> None:
    row = ListedSession("s", "t", started_at_ms=T0).as_json()
    assert row["started_at"] == "2023-11-14T22:13:20.000+00:00"


def test_since_takes_ages_and_times() -> None:
    now = time.time()
    assert moment_ms("2h", now) == int((now - 7200) * 1000)
    assert moment_ms("2023-11-14T22:13:20", now) == T0
    with pytest.raises(CommandError, match="how long ago"):
        moment_ms("yesterday", now)


def test_a_list_is_drawn_in_columns_with_notes() -> None:
    out = io.StringIO()
    console = Console(width=200, file=out)
    rows = [
        ListedSession("s_1", "acme", "ann", started_at_ms=1, turns=2, errors=2, slowest_ms=800.4),
        ListedSession(
            "s_22", "other", started_at_ms=1, interrupted=1, ended="failed", replay_of="s_1"
        ),
    ]
    console.print(Segments(drawing(rows)), soft_wrap=True, end="")
    head, first, second = out.getvalue().splitlines()
    assert head.split() == ["session", "tenant", "user", "started", "length", "turns", "slowest"]
    assert "800 ms  " in first
    assert first.rstrip().endswith("2 errors not ended")
    assert second.rstrip().endswith("1 interrupted replay of s_1 failed")
    assert first.index("acme") == second.index("other")


def test_replays_of_replays_are_found_even_where_the_session_itself_is_gone() -> None:
    rows = [
        ListedSession("r_2", "t", replay_of="r_1"),
        ListedSession("r_1", "t", replay_of="s"),
        ListedSession("x", "t"),
    ]
    assert [row.session for row in replays_of(["s"], rows)] == ["r_1", "r_2"]
    assert replays_of(["x"], rows) == []


def test_no_events_are_no_row() -> None:
    assert folded([]) is None


def test_the_subjects_of_a_tenant_are_listed_or_those_of_all() -> None:
    assert SessionFilter().tenants == ["*"]
    assert "acme" in SessionFilter(tenant="acme").tenants
    assert "*" not in SessionFilter(tenant="acme").tenants
