"""Figures to one HTML page that needs nothing else: no script, no font, no network. Pure."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any

from aura.cli.reporting.plots import lines, stacked
from aura.cli.reporting.queries import MOST_FAILED_CALLS, Figures, Row

FORMATS = {"minute": "%H:%M", "hour": "%d %H:00", "day": "%d %b"}
LOOK = "Look at one: aura show CALL, or with --html."
STYLE = """
:root { color-scheme: light dark; --ink: #0f172a; --dim: #64748b; --line: #e2e8f0; --card: #fff;
  --ground: #f8fafc }
@media (prefers-color-scheme: dark) { :root { --ink: #e2e8f0; --dim: #94a3b8; --line: #334155;
  --card: #1e293b; --ground: #0f172a } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
  margin: 2rem auto; max-width: 76rem; padding: 0 1rem }
h1 { font-size: 1.4rem; margin: 0 } h2 { font-size: 1rem; margin: 0 0 .5rem }
p { color: var(--dim); margin: .2rem 0 1rem }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: 1rem; margin: 1rem 0; overflow-x: auto }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.2rem, 1fr)); gap: .8rem }
.tiles div { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem;
  background: var(--card) }
.pair { display: grid; gap: 0 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)) }
.pair section { min-width: 0 } .lists section { max-height: 29rem; overflow-y: auto }
.tiles b { display: block } .tiles span { color: var(--dim); font-size: .8rem }
.pair > section > svg text { font-size: 17px }
@media (max-width: 46rem) { .pair > section > svg text { font-size: 22px } }
.tiles b { white-space: nowrap; font-size: 1.2rem }
svg { width: 100%; height: auto } svg text { fill: var(--dim) }
.grid { stroke: var(--line); stroke-width: 1 }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 1rem; margin: .3rem 0 0;
  padding: 0;
  font-size: .85rem } .legend i { display: inline-block; width: .7rem; height: .7rem;
  border-radius: .2rem; margin-right: .35rem }
.legend svg.line { width: 30px; height: 10px; margin-right: .35rem } code { font-size: .92em }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line) }
th:first-child, td:first-child { text-align: left } th { color: var(--dim); font-weight: 500 }
"""


def page(figures: Figures, *, title: str, now: datetime) -> str:
    """Return the report as HTML."""
    labels = [row["bucket"].strftime(FORMATS[figures.bucket]) for row in figures.over_time]
    span = f"{figures.since:%Y-%m-%d %H:%M} to {figures.until:%Y-%m-%d %H:%M} UTC"
    plots = "".join(_section(name, note, plot) for name, note, plot in _plots(figures, labels))
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{span}, a point a {figures.bucket}; written {now:%Y-%m-%d %H:%M} UTC. "
        "Numbers only: no words are kept.</p>",
        _tiles(figures.totals),
        f'<div class="pair">{plots}</div>',
        '<div class="pair lists">',
        _section("The slowest calls", "By their longest wait. " + LOOK, _slowest(figures)),
        _section("Failed calls", "Callers were told of an error. " + LOOK, _failed(figures)),
        "</div>",
        _section("The steps of a turn", "Milliseconds after the end of speech.", _steps(figures)),
        _section("Tokens and cost", "By tenant and model; USD by AURA_PRICES.", _cost(figures)),
        _section("Errors by stage", "What callers were told, and jobs given up.", _errors(figures)),
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{STYLE}</style><main>{''.join(body)}</main></html>\n"
    )


def _plots(figures: Figures, labels: Sequence[str]) -> list[tuple[str, str, str]]:
    rows = figures.over_time

    def of(name: str, *columns: str) -> tuple[str, list[Any]]:
        return name, [sum(row[c] or 0 for c in columns) for row in rows]

    waits = [(name, [row[f"{name}_ms"] for row in rows]) for name in ("p50", "p95", "p99")]
    talk = [of("caller", "caller_seconds"), of("Aura", "aura_seconds")]
    barge = [of("meant", "interruptions"), of("it was nothing", "false_interruptions")]
    early = [of("right", "right_guesses"), of("wrong", "wrong_guesses")]
    return [
        (
            "What callers waited",
            "End of speech to the first audio sent.",
            lines(labels, waits, "ms"),
        ),
        (
            "Turns",
            "Heard to the end, or interrupted.",
            stacked(labels, [of("turns", "turns")], "turns"),
        ),
        ("Who talked", "Seconds of speech.", stacked(labels, talk, "s", counts=False)),
        ("Interruptions", "Speech or noise over a response.", stacked(labels, barge, "times")),
        ("Speculation", "Turns taken before the end was certain.", stacked(labels, early, "turns")),
        (
            "Errors",
            "That callers were told of.",
            stacked(labels, [of("errors", "errors")], "errors"),
        ),
    ]


def _section(name: str, note: str, content: str) -> str:
    content = content.replace('role="img"', f'role="img" aria-label="{escape(name)}"')
    return (  # on a phone a table is scrolled, by keys as well
        f'<section tabindex="0" aria-label="{escape(name)}"><h2>{escape(name)}</h2>'
        f"<p>{escape(note)}</p>{content}</section>"
    )


def tiles(totals: Row) -> list[tuple[str, str]]:
    """Return the headline numbers, name and value."""
    caller, aura = totals["caller_seconds"] or 0, totals["aura_seconds"] or 0
    spoken, early = caller + aura, totals["guesses"]
    right = early - totals["wrong_guesses"]
    return [
        ("sessions", f"{totals['sessions']:,}"),
        ("turns", f"{totals['turns']:,}"),
        ("wait p50", milliseconds(totals["p50_ms"])),
        ("wait p95", milliseconds(totals["p95_ms"])),
        ("wait p99", milliseconds(totals["p99_ms"])),
        ("Aura's share of talk", f"{aura / spoken:.0%}" if spoken else "-"),
        ("interruptions", f"{totals['interruptions']:,}"),
        (f"right of {early:,} speculative turns", f"{right / early:.0%}" if early else "-"),
        ("errors", f"{totals['errors']:,}"),
    ]


def _tiles(totals: Row) -> str:
    shown = "".join(
        f"<div><b>{escape(v)}</b><span>{escape(k)}</span></div>" for k, v in tiles(totals)
    )
    return f'<div class="tiles">{shown}</div>'


def _steps(figures: Figures) -> str:
    shares = ("p50", "p95", "p99")
    rows = [
        [row["step"], *(milliseconds(row[f"{share}_ms"]) for share in shares)]
        for row in figures.steps
    ]
    return _table(["step", *shares], rows)


def _cost(figures: Figures) -> str:
    rows = [
        [
            row["tenant"],
            row["model"],
            f"{row['sessions']:,}",
            f"{row['answers']:,}",
            f"{row['prompt_tokens'] or 0:,}",
            f"{row['completion_tokens'] or 0:,}",
            f"{row['cost_usd']:.4f}",
        ]
        for row in figures.tenants
    ]
    heads = ["tenant", "model", "sessions", "answers", "prompt tokens", "completion tokens", "USD"]
    return _table(heads, rows)


def _errors(figures: Figures) -> str:
    rows = [
        [row["stage"], row["type"], f"{row['count']:,}", f"{row['sessions']:,}"]
        for row in figures.errors
    ]
    return _table(["stage", "event", "count", "sessions"], rows)


def _slowest(figures: Figures) -> str:
    rows = [
        [
            row["session"],
            row["tenant"],
            moment(row["at_utc"]),
            str(row["turn"]),
            milliseconds(row["waited_ms"]),
        ]
        for row in figures.slowest
    ]
    return _table(["call", "tenant", "when", "turn", "wait"], rows)


def _failed(figures: Figures) -> str:
    rows = [
        [row["session"], row["tenant"], moment(row["at_utc"]), row["what"], f"{row['errors']:,}"]
        for row in figures.failed
    ]
    more = len(rows) >= MOST_FAILED_CALLS
    note = f"<p>The newest {MOST_FAILED_CALLS}.</p>" if more else ""
    return _table(["call", "tenant", "when", "stage", "errors"], rows) + note


def moment(at: datetime) -> str:
    """Return a time as lists show it, in UTC."""
    return f"{at:%d %b %H:%M:%S}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "<p>None.</p>"
    head = "".join(f"<th>{escape(heading)}</th>" for heading in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def milliseconds(value: float | None) -> str:
    """Return a duration in ms as lists show it."""
    return "-" if value is None else f"{value:,.0f} ms"
