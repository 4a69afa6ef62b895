"""The report's page: its numbers as people read them, and nothing of the data as markup."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from aura.cli.reporting.page import milliseconds, moment, page, tiles
from aura.cli.reporting.queries import MOST_LISTED, Figures

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOTALS = {
    "sessions": 1234,
    "turns": 5678,
    "p50_ms": 812.4,
    "p95_ms": 1500.0,
    "p99_ms": None,
    "caller_seconds": 30.0,
    "aura_seconds": 10.0,
    "interruptions": 3,
    "guesses": 8,
    "wrong_guesses": 2,
    "errors": 0,
}
POINT = {
    "bucket": NOON,
    "p50_ms": 800.0,
    "p95_ms": 900.0,
    "p99_ms": None,
    "caller_seconds": 3.0,
    "aura_seconds": None,
    "turns": 4,
    "interruptions": 1,
    "false_interruptions": 0,
    "right_guesses": 3,
    "wrong_guesses": 1,
    "errors": 0,
}
CALL = {
    "session": "s_1",
    "tenant": "acme",
    "at_utc": NOON,
    "turn": 3,
    "waited_ms": 2345.6,
    "what": "llm",
    "errors": 2,
}
EVIL = "<script>alert(1)</script>"


def figures(**parts: Any) -> Figures:
    given: dict[str, Any] = {"totals": TOTALS, "over_time": [POINT], **parts}
    return Figures(NOON, NOON.replace(hour=14), given.pop("bucket", "hour"), **given)


def written(title: str = "Report", **parts: Any) -> str:
    return page(figures(**parts), title=title, now=NOON.replace(hour=15))


def section(html: str, name: str) -> str:
    found = re.search(rf'<section [^>]*aria-label="{name}".*?</section>', html, re.DOTALL)
    assert found is not None, name
    return found.group()


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0, "0 ms"), (812.4, "812 ms"), (812.5, "812 ms"), (12_345.6, "12,346 ms")],
)
def test_a_duration_is_whole_milliseconds(value: float | None, text: str) -> None:
    assert milliseconds(value) == text


def test_a_time_is_shown_with_its_day_and_seconds() -> None:
    assert moment(NOON.replace(second=7)) == "01 Mar 12:00:07"


def test_the_headline_numbers_are_those_of_the_totals() -> None:
    assert tiles(TOTALS) == [
        ("sessions", "1,234"),
        ("turns", "5,678"),
        ("wait p50", "812 ms"),
        ("wait p95", "1,500 ms"),
        ("wait p99", "-"),
        ("Aura's share of talk", "25%"),
        ("interruptions", "3"),
        ("right of 8 speculative turns", "75%"),
        ("errors", "0"),
    ]


def test_shares_of_nothing_are_left_out() -> None:
    nothing = {**TOTALS, "caller_seconds": None, "aura_seconds": 0.0, "guesses": 0}
    shown = dict(tiles({**nothing, "wrong_guesses": 0}))
    assert shown["Aura's share of talk"] == shown["right of 0 speculative turns"] == "-"


@pytest.mark.parametrize(
    ("bucket", "label"), [("minute", "12:00"), ("hour", "01 12:00"), ("day", "01 Mar")]
)
def test_a_point_has_the_time_of_its_bucket(bucket: str, label: str) -> None:
    html = written(bucket=bucket)
    assert label in section(html, "What callers waited")
    assert f"a point a {bucket}" in html


def test_the_page_says_its_span_and_needs_nothing_else() -> None:
    html = written()
    assert "2026-03-01 12:00 to 2026-03-01 14:00 UTC" in html
    assert "written 2026-03-01 15:00 UTC" in html
    assert "default-src 'none'" in html
    assert not re.search(r"<script|<link|src=|https?://", html)


@pytest.mark.parametrize("name", ["The slowest calls", "Failed calls", "Errors by stage"])
def test_an_empty_list_says_so(name: str) -> None:
    assert "<p>None.</p>" in section(written(), name)
    full = written(
        slowest=[CALL],
        failed=[CALL],
        errors=[{"stage": "llm", "type": "trouble.told", "count": 1200, "sessions": 7}],
    )
    assert "<p>None.</p>" not in section(full, name)


def test_the_lists_show_calls_as_rows() -> None:
    html = written(slowest=[CALL], failed=[CALL])
    slow, failed = section(html, "The slowest calls"), section(html, "Failed calls")
    cells = "<td>s_1</td><td>acme</td><td>01 Mar 12:00:00</td>"
    assert f"<tr>{cells}<td>3</td><td>2,346 ms</td></tr>" in slow
    assert f"<tr>{cells}<td>llm</td><td>2</td></tr>" in failed


@pytest.mark.parametrize("count", [MOST_LISTED - 1, MOST_LISTED])
def test_a_list_that_may_go_on_says_that_it_was_cut(count: int) -> None:
    shown = section(written(failed=[CALL] * count), "Failed calls")
    assert (f"The newest {MOST_LISTED}." in shown) is (count == MOST_LISTED)


def test_costs_and_steps_are_tables() -> None:
    cost = {
        "tenant": "acme",
        "model": "m",
        "sessions": 2,
        "answers": 1000,
        "prompt_tokens": 12_000,
        "completion_tokens": None,
        "cost_usd": 0.12345,
    }
    step = {"step": "words", "p50_ms": 90.0, "p95_ms": None, "p99_ms": 1000.0}
    html = written(tenants=[cost], steps=[step])
    row = "<td>acme</td><td>m</td><td>2</td><td>1,000</td><td>12,000</td><td>0</td><td>0.1235</td>"
    assert row in section(html, "Tokens and cost")
    assert "<td>words</td><td>90 ms</td><td>-</td><td>1,000 ms</td>" in section(
        html, "The steps of a turn"
    )


def test_no_text_of_the_data_is_markup() -> None:
    evil = {**CALL, "session": EVIL, "tenant": EVIL, "what": EVIL}
    html = written(
        title=EVIL,
        slowest=[evil],
        failed=[evil],
        errors=[{"stage": EVIL, "type": EVIL, "count": 1, "sessions": 1}],
    )
    assert EVIL not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 9
