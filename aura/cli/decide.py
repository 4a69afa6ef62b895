"""`aura replay --decide`: decides recorded calls again, perhaps in another configuration."""

import asyncio
import json
import sys
import time
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from aura.cli.running import CommandError
from aura.cli.session.session_choice import chosen
from aura.cli.show import read
from aura.replay import redecide, what_if
from aura.replay.what_if import Difference
from runtime.bus.connection import connect
from runtime.sessions.finding import decoded
from runtime.settings import Settings
from runtime.text.printable import printable
from schemas.events import AnyEvent, Event, SessionStarted, tag
from schemas.session_config import Eagerness, SessionConfig, Waits


@dataclass(frozen=True)
class Try:
    """Changes to the recorded configuration."""

    eagerness: str = ""
    waits: str = ""
    speculate: bool | None = None

    def changed(self, config: SessionConfig) -> SessionConfig:
        """Return *config* with the changes.

        Raises:
            CommandError: a value is not valid.
        """
        changes: dict[str, Any] = {}
        if self.eagerness:
            if self.eagerness not in typing.get_args(Eagerness):
                raise CommandError("--eagerness is low, auto or high")
            changes["turns.eagerness"] = self.eagerness
        if self.waits:
            try:
                waits = Waits(*(int(ms) for ms in self.waits.split(",")))
            except (ValueError, TypeError) as error:
                raise CommandError(
                    "--waits needs three or four numbers, ms: finished,unclear,unfinished[,stated] "
                    "(440,1240,1440,760)"
                ) from error
            changes["turns.waits"] = msgspec.to_builtins(waits)
        if self.speculate is not None:
            changes["turns.speculate"] = self.speculate
        return config.but(changes)


@dataclass
class DecisionReport:
    """The result for one session."""

    session: str
    decisions: int = 0
    skipped: int = 0
    """Connections without stored inputs, because their edge was killed."""
    differences: list[Difference] | None = None
    """The differences, or None if the session cannot be decided again, for the reason in *why*."""
    why: str = ""
    unnoticed: bool = True
    """Whether a caller would notice none of the differences."""
    call_ms: int = 0
    started_ms: int = 0
    """Unix time, ms."""
    took_ms: float = 0.0

    def as_json(self) -> dict[str, Any]:
        differences = None
        if self.differences is not None:
            differences = [
                {
                    "at_s": round((difference.at_ms - self.started_ms) / 1000, 3),
                    "recorded": difference.recorded,
                    "now": difference.now,
                }
                for difference in self.differences
            ]
        return {
            "session": self.session,
            "decisions": self.decisions,
            "skipped": self.skipped,
            "differences": differences,
            "unnoticed": bool(differences) and self.unnoticed,
            "why": self.why,
            "call_s": self.call_ms / 1000,
            "took_ms": round(self.took_ms, 1),
        }


def judge(session: str, events: Sequence[AnyEvent], wanted: Try) -> DecisionReport:
    """Decide the session of *events* again, with the changes *wanted*.

    Raises:
        CommandError: a value in *wanted* is not valid.
    """
    began_s = time.perf_counter()
    verdict = DecisionReport(session)
    if origin := _published_again(events):
        verdict.why = f"it was published at another pace: decide {origin} instead"
        return verdict
    try:
        connections = redecide.connections(events)
    except redecide.InputsNotRecordedError as error:
        verdict.why = str(error)
        return verdict
    verdict.skipped = redecide.begun(events) - len(connections)
    verdict.differences, verdict.started_ms = [], events[0].at_ms
    for connection in connections:
        changed = wanted.changed(connection.config)
        try:
            verdict.differences += _differences(verdict, connection, changed)
        except Exception as error:  # noqa: BLE001  # a fault of the call, which is the difference
            verdict.unnoticed, broken = False, f"its call breaks: {error!r}"
            verdict.differences.append(Difference(connection.began.at_ms, "", broken))
    verdict.took_ms = (time.perf_counter() - began_s) * 1000
    return verdict


def _differences(
    verdict: DecisionReport, connection: redecide.RecordedConnection, changed: SessionConfig
) -> list[Difference]:
    """Return the differences of one connection with the configuration *changed*; count it."""
    verdict.decisions += len(connection.decided)
    if connection.inputs:
        verdict.call_ms += connection.inputs[-1].at_ms - connection.inputs[0].at_ms
    if changed == connection.config:
        now = redecide.decide(connection)
        if now == connection.decided:
            return []
    differences = what_if.differences(connection.decided, what_if.rehearse(connection, changed))
    if differences:
        verdict.unnoticed = False
    elif changed == connection.config:
        return [_first(connection.decided, now)]
    return differences


def _published_again(events: Sequence[AnyEvent]) -> str:
    """Return the session from which *events* were copied, or "" if they are no copy."""
    started = events[0] if events else None
    if not isinstance(started, SessionStarted) or started.edge == redecide.REPLAY_EDGE:
        return ""
    return started.replay_of


def _first(recorded: Sequence[Event], now: Sequence[Event]) -> Difference:
    """Return the first event that differs, when no caller would notice a difference."""
    for event, other in zip(recorded, now, strict=False):
        if event != other:
            return Difference(event.at_ms, _noted(event, other), _noted(other, event))
    longer = recorded if len(recorded) > len(now) else now
    extra = longer[min(len(recorded), len(now))]
    was_recorded, name = longer is recorded, tag(extra)
    return Difference(extra.at_ms, name if was_recorded else "", "" if was_recorded else name)


def _noted(event: Event, other: Event) -> str:
    """Return the type of *event*, and its fields that differ from those of *other*."""
    fields, beside = msgspec.to_builtins(event), msgspec.to_builtins(other)
    different = [f"{k}={v!r}"[:80] for k, v in fields.items() if k != "type" and v != beside.get(k)]
    return " ".join([tag(event), *different])


async def decide(settings: Settings, names: Sequence[str], wanted: Try, *, as_json: bool) -> int:
    """Decide the sessions *names* again and print the differences; return 1 if there are any."""
    verdicts: list[DecisionReport] = []
    async with await connect(settings, "aura-replay") as bus:
        for name in names:
            events = decoded(await read(bus, await chosen(bus, name)))
            # in a thread: the server drops a connection that answers no pings
            verdict = await asyncio.to_thread(judge, name, events, wanted)
            verdicts.append(verdict)
            if not as_json:
                _print(verdict)
    other = [verdict for verdict in verdicts if verdict.differences]
    if as_json:
        json.dump([verdict.as_json() for verdict in verdicts], sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        took_ms = sum(verdict.took_ms for verdict in verdicts)
        call_ms = sum(verdict.call_ms for verdict in verdicts)
        speed = f", {call_ms / took_ms:,.0f} times real time" if took_ms else ""
        print(
            f"{len(other)} of {len(verdicts)} sessions would have gone differently "
            f"({call_ms / 1000:.1f} s of calls in {took_ms:.0f} ms{speed})."
        )
    return 1 if other else 0


def _print(verdict: DecisionReport) -> None:
    if verdict.differences is None:
        print(f"{verdict.session}: cannot be decided again: {printable(verdict.why)}")
        return
    if verdict.skipped:
        print(
            f"{verdict.session}: {verdict.skipped} of its connections left out: the edge was "
            "killed before it stored their inputs"
        )
    if not verdict.differences:
        print(f"{verdict.session}: all {verdict.decisions} decisions are the same")
        return
    if verdict.unnoticed:
        print(
            f"{verdict.session}: a caller would notice no difference, but recorded details differ"
        )
    else:
        print(
            f"{verdict.session}: {len(verdict.differences)} differences that a caller would notice"
        )
    for difference in verdict.differences:
        at_s = (difference.at_ms - verdict.started_ms) / 1000
        print(f"  {at_s:9.3f}  recorded: {printable(difference.recorded or '-')}")
        print(f"  {'':9}       now: {printable(difference.now or '-')}")
