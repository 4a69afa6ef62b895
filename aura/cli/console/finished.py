"""Data of a recorded call for the page, and of two calls side by side. Pure."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from aura.cli.console.readable import Readable
from aura.cli.session import session_page
from runtime.sessions.listing import ListedSession
from runtime.sessions.timeline import Moment


def drawn(row: ListedSession, timeline: Sequence[Moment], readable: Readable) -> dict[str, Any]:
    """Return the page's data of a call, with its words as they may be read."""
    return session_page.drawn(row, [readable.moment(moment) for moment in timeline])


def turns(timeline: Sequence[Moment], readable: Readable) -> list[dict[str, Any]]:
    """Return the turns of a call that got a response: words of both sides, wait in ms."""
    by_turn: dict[int, dict[str, Any]] = {}
    for moment in timeline:
        turn = moment.turn
        if turn is None:
            continue
        match moment.name:
            case "turn.committed":
                by_turn[turn] = {"turn": turn, "said": readable.text(str(moment.fields["text"]))}
            case "answer.heard" if turn in by_turn or turn == 0:
                shown = by_turn.setdefault(turn, {"turn": turn, "said": ""})
                shown["answer"] = readable.text(str(moment.fields["text"]))
                shown["cut"] = not moment.fields["to_the_end"]
            case "turn.measured" if turn in by_turn:
                waited_ms = moment.fields["first_sent_ms"]
                by_turn[turn]["wait_ms"] = None if waited_ms is None else round(waited_ms)
            case _:
                pass
    return list(by_turn.values())


def side_by_side(
    first: Sequence[dict[str, Any]], second: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the turns of two calls in pairs, in their order; None where one has more.

    A greeting stands beside a greeting or alone.
    """
    sides: list[list[dict[str, Any] | None]] = [list(first), list(second)]
    greets = [bool(side) and side[0]["turn"] == 0 for side in (first, second)]
    if greets[0] != greets[1]:
        sides[greets.index(False)].insert(0, None)
    pairs = []
    for a, b in zip_longest(*sides):
        waits = [ms for side in (a, b) if side and (ms := side.get("wait_ms")) is not None]
        pairs.append({"a": a, "b": b, "later_ms": waits[1] - waits[0] if len(waits) == 2 else None})
    return pairs
