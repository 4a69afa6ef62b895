"""The questions of the report, asked of the warehouse's views. Times are UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from schemas.events import WATERFALL

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]
MOST_FAILED_CALLS = 50
"""Failed calls, the newest."""


@dataclass
class Figures:
    """All that the page shows."""

    since: datetime
    until: datetime
    bucket: str
    """`minute`, `hour` or `day`."""
    totals: Row = field(default_factory=dict)
    over_time: list[Row] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    errors: list[Row] = field(default_factory=list)
    tenants: list[Row] = field(default_factory=list)
    slowest: list[Row] = field(default_factory=list)
    """The ten calls with the longest waits."""
    failed: list[Row] = field(default_factory=list)


def bucket_of(span: timedelta) -> str:
    """Return the grain in which a plot of *span* has a readable number of points."""
    if span <= timedelta(hours=2):
        return "minute"
    return "hour" if span <= timedelta(days=3) else "day"


def figures(
    db: duckdb.DuckDBPyConnection,
    since: datetime,
    until: datetime,
    prices: Mapping[str, tuple[float, float]],
    tenant: str = "",
) -> Figures:
    """Return what happened from *since* to *until* (UTC, naive), of one tenant or of all."""
    where = {"since": since, "until": until, "tenant": tenant}
    for view in ("events", "turns"):
        db.execute(
            f"CREATE TEMP TABLE some_{view} AS SELECT * FROM {view} "  # noqa: S608  # our own names
            "WHERE at_utc >= $since AND at_utc < $until AND ($tenant = '' OR tenant = $tenant)",
            where,
        )
    db.execute(
        "CREATE TEMP TABLE some_sessions AS SELECT * FROM sessions "
        "WHERE session IN (SELECT session FROM some_events)"
    )
    span = _one(db, "SELECT min(at_utc) AS first, max(at_utc) AS last FROM some_events")
    if span["first"] is None:
        return Figures(since, until, "hour")
    bucket = bucket_of(span["last"] - span["first"])
    counted = Figures(span["first"], span["last"], bucket)
    counted.totals = _one(db, TOTALS)
    counted.over_time = _all(db, OVER_TIME.replace("$BUCKET", f"'{bucket}'"))
    counted.steps = [
        {"step": name, **_one(db, STEP_QUERY.replace("$COLUMN", column))}
        for column, name in WATERFALL.items()
    ]
    counted.errors = _all(db, ERRORS_QUERY)
    counted.slowest = _all(db, SLOWEST)
    counted.failed = _all(db, FAILED_QUERY)
    counted.tenants = _with_cost(_all(db, TENANTS), prices)
    return counted


def _with_cost(rows: list[Row], prices: Mapping[str, tuple[float, float]]) -> list[Row]:
    for row in rows:
        prompt, completion = prices.get(row["model"] or "", (0.0, 0.0))
        tokens = (row["prompt_tokens"] or 0) * prompt + (row["completion_tokens"] or 0) * completion
        row["cost_usd"] = tokens / 1_000_000
    return rows


def _all(db: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    answer = db.execute(sql)
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _one(db: duckdb.DuckDBPyConnection, sql: str) -> Row:
    return _all(db, sql)[0]


TOTALS = """
SELECT
  (SELECT count(*) FROM some_sessions) AS sessions,
  count(*) AS turns,
  quantile_cont(first_sent_ms, 0.5) AS p50_ms,
  quantile_cont(first_sent_ms, 0.95) AS p95_ms,
  quantile_cont(first_sent_ms, 0.99) AS p99_ms,
  coalesce(sum(guesses), 0) AS guesses,
  coalesce(sum(retracted), 0) AS wrong_guesses,
  coalesce(sum(wasted_sentences), 0) AS wasted_sentences,
  (SELECT count(*) FROM some_events
    WHERE type = 'response.cancelled' AND reason = 'interrupted') AS interruptions,
  (SELECT count(*) FROM some_events WHERE type = 'interruption.dismissed') AS false_interruptions,
  (SELECT count(*) FROM some_events WHERE type = 'trouble.told') AS errors,
  (SELECT sum(caller_seconds) FROM some_sessions) AS caller_seconds,
  (SELECT sum(aura_seconds) FROM some_sessions) AS aura_seconds
FROM some_turns
"""

OVER_TIME = """
WITH measured AS (
  SELECT date_trunc($BUCKET, at_utc) AS bucket,
    count(*) AS turns,
    quantile_cont(first_sent_ms, 0.5) AS p50_ms,
    quantile_cont(first_sent_ms, 0.95) AS p95_ms,
    quantile_cont(first_sent_ms, 0.99) AS p99_ms,
    coalesce(sum(guesses - retracted), 0) AS right_guesses,
    coalesce(sum(retracted), 0) AS wrong_guesses
  FROM some_turns GROUP BY 1
), said AS (
  SELECT date_trunc($BUCKET, at_utc) AS bucket,
    count(*) FILTER (type = 'trouble.told') AS errors,
    count(*) FILTER (type = 'response.cancelled' AND reason = 'interrupted') AS interruptions,
    count(*) FILTER (type = 'interruption.dismissed') AS false_interruptions,
    count(DISTINCT session) AS sessions,
    coalesce(sum(audio_ms) FILTER (type = 'transcript.final' AND confidence > 0), 0) / 1000.0
      AS caller_seconds,
    coalesce(sum(played_ms) FILTER (type = 'answer.heard'), 0) / 1000.0 AS aura_seconds
  FROM some_events GROUP BY 1
)
SELECT * FROM said LEFT JOIN measured USING (bucket) ORDER BY bucket
"""

STEP_QUERY = """
SELECT quantile_cont($COLUMN, 0.5) AS p50_ms, quantile_cont($COLUMN, 0.95) AS p95_ms,
  quantile_cont($COLUMN, 0.99) AS p99_ms
FROM some_turns
"""

ERRORS_QUERY = """
SELECT type, stage, count(*) AS count, count(DISTINCT session) AS sessions
FROM some_events WHERE type IN ('trouble.told', 'job.failed')
GROUP BY ALL ORDER BY count DESC, type, stage
"""

TENANTS = """
SELECT tenant, coalesce(model, '') AS model, count(DISTINCT session) AS sessions,
  count(*) AS answers, sum(prompt_tokens) AS prompt_tokens,
  sum(completion_tokens) AS completion_tokens
FROM some_events WHERE type = 'response.completed' AND turn > 0
GROUP BY ALL ORDER BY tenant, model
"""

SLOWEST = """
SELECT session, tenant, max(first_sent_ms) AS waited_ms, arg_max(turn, first_sent_ms) AS turn,
  arg_max(at_utc, first_sent_ms) AS at_utc
FROM some_turns WHERE first_sent_ms IS NOT NULL
GROUP BY session, tenant ORDER BY waited_ms DESC, session LIMIT 10
"""

FAILED_QUERY = f"""
SELECT session, tenant, min(at_utc) AS at_utc, count(*) FILTER (type = 'trouble.told') AS errors,
  coalesce(string_agg(DISTINCT stage, ', ' ORDER BY stage), '') AS what
FROM some_events
WHERE type = 'trouble.told' OR (type = 'session.ended' AND reason = 'failed')
GROUP BY session, tenant ORDER BY at_utc DESC, session LIMIT {MOST_FAILED_CALLS}
"""  # noqa: S608  # our own number
