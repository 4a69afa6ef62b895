"""`aura replay --drive`: runs a session through today's workers, and compares both."""

import asyncio
import json
import logging
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from aura.cli import agents
from aura.cli.running import CommandError
from aura.cli.session.session_choice import chosen as chosen_session
from aura.cli.show import read
from aura.replay.compare import MEASURED, BadLimitError, Comparison, compare, failures
from aura.replay.drive import DrivePlan, ModelRefusedError, NoSuchTurnError
from aura.replay.drive import drive as drive_again
from aura.replay.other_agent import Served, served_by
from aura.replay.redecide import InputsNotRecordedError
from edge.call.session_audio import SessionAudio
from edge.call.speech_model import chosen
from edge.core.hearing.caller_audio import CallerAudio
from runtime.agents import store
from runtime.agents.config_file import ConfigFileError
from runtime.agents.resolve import VariableError
from runtime.bus.connection import Bus, connect
from runtime.process import logs
from runtime.sessions import recorded_audio, relabel
from runtime.sessions.finding import decoded
from runtime.settings import Settings
from runtime.text.printable import printable
from schemas import events as ev
from schemas import subjects
from schemas.stages import STAGES

DRIVEN: tuple[ev.StageName, ...] = tuple(stage.name for stage in STAGES if stage.is_needed)
"""The stages that a replay drives by default; tools answer from the record."""


@dataclass(frozen=True)
class Wish:
    """The options of the command."""

    stages: str = ""
    from_turn: int = 0
    llm_model: str = ""
    eagerness: str = ""
    fail_on: str = ""
    agent: str = ""
    """`NAME` or `NAME@REV`."""
    live_tools: bool = False

    def driven(self, *, has_sound: bool) -> tuple[ev.StageName, ...]:
        """Return the stages to drive.

        Raises:
            CommandError: there is no such stage, or no recorded audio for it.
        """
        if not self.stages:
            return self._with_tools(s for s in DRIVEN if s != "stt" or has_sound)
        names = {name.strip() for name in self.stages.split(",")}
        if not names <= set(DRIVEN):
            raise CommandError(f"--stages is some of {','.join(DRIVEN)}; for tools: --tools live")
        if "stt" in names and not has_sound:
            raise CommandError(
                "stt cannot be driven: the session's sound was not recorded (AURA_RECORD_AUDIO)"
            )
        if self.llm_model and "llm" not in names:
            raise CommandError("--llm-model needs llm among the --stages")
        return self._with_tools(stage for stage in DRIVEN if stage in names)

    def _with_tools(self, stages: Iterable[ev.StageName]) -> tuple[ev.StageName, ...]:
        return (*stages, "tool") if self.live_tools else tuple(stages)


async def drive(settings: Settings, session: str, wish: Wish, *, as_json: bool) -> int:
    """Drive *session* again and print the comparison; return 1 if a limit was not held."""
    if wish.eagerness not in {"", "low", "auto", "high"}:
        raise CommandError("--eagerness is low, auto or high")
    check_limits(wish.fail_on)
    logs.configure_command(logging.WARNING)  # without an edge's log lines of a call
    bus = await connect(settings, "aura-replay")
    try:
        session = await chosen_session(bus, session)
        recorded = decoded(await read(bus, session))
        plan = await _planned(bus, settings, recorded, wish)
        length_s = (recorded[-1].at_ms - recorded[0].at_ms) / 1000
        print(f"Driving {session} ({length_s:.0f} s) again as {_listed(plan)} ...", file=sys.stderr)
        await drive_again(bus, recorded, plan)
        await asyncio.sleep(0.3)  # the last events are on their way
        now = decoded(await read(bus, plan.session))
    except (InputsNotRecordedError, NoSuchTurnError, ModelRefusedError) as error:
        raise CommandError(f"{session} cannot be driven: {error}") from error
    finally:
        await bus.close()
    compared = compare(recorded, now, from_turn=wish.from_turn)
    failed = failures(wish.fail_on, compared)
    names = {"session": session, "replay": plan.session}
    return _tell(compared, names, failed, as_json=as_json)


async def _planned(
    bus: Bus, settings: Settings, recorded: list[ev.AnyEvent], wish: Wish
) -> DrivePlan:
    subject = subjects.recording(recorded[0].tenant, recorded[0].session, "caller")
    pcm = recorded_audio.delivered(await bus.read(subjects.RECORDING_STREAM, subject))
    stages = wish.driven(has_sound=bool(pcm))
    model = chosen(settings)
    cancel_echo = settings.cancels_echo and "tts" in stages
    caller = CallerAudio(model.opinion() if model else None, cancel_echo=cancel_echo)
    return DrivePlan(
        session=relabel.new_session(),
        stages=stages,
        live_tools=wish.live_tools,
        from_turn=wish.from_turn,
        llm_model=wish.llm_model,
        eagerness=wish.eagerness,
        served=await _served(bus, settings, recorded, wish.agent) if wish.agent else None,
        sound=pcm,
        audio=SessionAudio(caller),
    )


def _listed(plan: DrivePlan) -> str:
    source = "from its sound" if plan.sound else "from its transcripts"
    return f"{plan.session}: {', '.join(plan.stages)} {source}"


async def _served(bus: Bus, settings: Settings, recorded: list[ev.AnyEvent], agent: str) -> Served:
    """Return the configuration of the session if *agent* served it.

    Raises:
        CommandError: there is no such agent, or it lacks a variable.
    """
    began = next((event for event in recorded if isinstance(event, ev.SessionStarted)), None)
    if began is None:
        raise CommandError("the session's beginning is not in its log")
    name, number = agents.FILES.revision_named(agent)
    try:
        wanted = await store.find(bus, began.tenant, name, number)
        return served_by(wanted, began, await _own(bus, began), settings.session)
    except (store.NotAppliedError, ConfigFileError, VariableError) as error:
        raise CommandError(f"--agent {agent}: {error}") from error


async def _own(bus: Bus, began: ev.SessionStarted) -> store.Revision | None:
    """Return the revision that served the session, or None if there was none or it is gone."""
    if began.agent is None:
        return None
    try:
        return await store.find(bus, began.tenant, began.agent.name, began.agent.revision)
    except store.NotAppliedError:
        return None


def _tell(compared: Comparison, names: dict[str, str], failed: list[str], *, as_json: bool) -> int:
    """Print the comparison of the session and its replay in *names*; return the exit code."""
    if as_json:
        result = {**names, **compared.as_json(), "failed": failed}
        json.dump(result, sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        _print(compared, names["replay"])
    for failure in failed:
        print(f"aura: {failure}", file=sys.stderr)
    return 1 if failed else 0


def check_limits(limits: str) -> None:
    """Check *limits* before the replay, which takes minutes.

    Raises:
        CommandError: a limit is invalid.
    """
    try:
        failures(limits, compare([], []))
    except BadLimitError as error:
        raise CommandError(f"--fail-on: {error}") from error


def words_of(comparison: Comparison) -> Table:
    """Return a table of both sides' words; square brackets in them are no markup."""
    table = Table("", "recorded", "now", box=None, pad_edge=False)
    for then, now in comparison.pairs:
        turn = then.turn if then else "+"
        words = [Text(printable(side.said) if side else "-") for side in (then, now)]
        responses = [Text(printable(side.response) if side else "-") for side in (then, now)]
        table.add_row(f"{turn} you", *words)
        table.add_row("  aura", *responses, style="green")
    return table


def _print(comparison: Comparison, session: str) -> None:
    console = Console(markup=False, emoji=False)
    console.print(words_of(comparison))
    numbers = Table(
        "median, ms after the end of speech", "recorded", "now", box=None, pad_edge=False
    )
    for name, words in MEASURED.items():
        if name in comparison.latencies:
            then_ms, now_ms = comparison.latencies[name]
            numbers.add_row(words, f"{then_ms:.0f}", f"{now_ms:.0f}")
    console.print(numbers)
    ratio = "not measured" if comparison.latency is None else f"{comparison.latency:.2f} times"
    console.print(
        f"\nWord error rate {comparison.wer:.3f}; latency {ratio}; interruptions "
        f"{comparison.interrupted[0]} and {comparison.interrupted[1]}; errors "
        f"{comparison.errors[0]} and {comparison.errors[1]}; "
        f"{comparison.same} of {comparison.events} events the same.\n"
        f"The replay is session {session}: aura show {session}",
        highlight=False,
        soft_wrap=True,
    )
