"""`aura replay`: prints, publishes, decides or drives a recorded session again."""

# ruff: noqa: PLC0415 - each way to replay imports only its own modules

from typing import Annotated, Literal

import typer

from aura.cli.options import one_id
from aura.cli.running import CommandError, run
from runtime.settings import load


def _ids(names: list[str]) -> list[str]:
    return [one_id(name) for name in names]


Sessions = Annotated[
    list[str],
    typer.Argument(metavar="SESSION...", help="One; many with --decide.", callback=_ids),
]
Publish = Annotated[bool, typer.Option("--publish", help="Publish the events as a new session.")]
Speed = Annotated[float, typer.Option(help="How many times as fast.")]
FromTurn = Annotated[
    int, typer.Option("--from", "--from-turn", metavar="TURN", help="From this turn on.")
]
Decide = Annotated[
    bool, typer.Option("--decide", help="Decide the call again offline, and show differences.")
]
Drive = Annotated[
    bool, typer.Option("--drive", help="Run it through today's workers, and compare.")
]
Stages = Annotated[str, typer.Option(metavar="stt,llm,tts", help="With --drive: stages to run.")]
Tools = Annotated[
    Literal["recorded", "live"],
    typer.Option(help="With --drive: `live` calls tools that may be called twice."),
]
Model = Annotated[str, typer.Option(help="With --drive: ask this model.")]
Agent = Annotated[str, typer.Option(metavar="NAME[@REV]", help="With --drive: use this agent.")]
FailOn = Annotated[
    str, typer.Option(metavar="wer=0.1,latency=1.2x", help="With --drive: exit 1 beyond.")
]
Eagerness = Annotated[str, typer.Option(help="With --decide or --drive: low, auto or high.")]
Waits = Annotated[
    str,
    typer.Option(metavar="MS,MS,MS", help="With --decide: finished,unclear,unfinished[,stated]"),
]
Speculate = Annotated[
    bool | None, typer.Option(help="With --decide: speculate at a likely end of turn or not.")
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


def command(  # noqa: PLR0913  # typer makes an option of each argument
    sessions: Sessions,
    *,
    publish: Publish = False,
    speed: Speed = 1.0,
    from_turn: FromTurn = 0,
    decide: Decide = False,
    drive: Drive = False,
    stages: Stages = "",
    tools: Tools = "recorded",
    llm_model: Model = "",
    agent: Agent = "",
    fail_on: FailOn = "",
    eagerness: Eagerness = "",
    waits: Waits = "",
    speculate: Speculate = None,
    json: AsJson = False,
) -> None:
    """Replay a session: print it, publish it, decide it again, or drive it again.

    aura replay S                        its events at their own pace
    aura replay S --publish --speed 10   the same on the bus, under a new id, marked as replay
    aura replay S --decide --eagerness low    decisions that would have differed
    aura replay S --drive --llm-model m  the words of another model
    aura replay S --drive --agent host@7 the words of that revision of an agent
    """
    _check_ways({"--publish": publish, "--decide": decide, "--drive": drive})
    live = tools == "live"
    with_drive = {"--stages": stages, "--llm-model": llm_model, "--agent": agent}
    _check(drive, "--drive", {**with_drive, "--fail-on": fail_on, "--tools": live})
    _check(decide, "--decide", {"--waits": waits, "--speculate": speculate is not None})
    _check(decide or drive, "--decide or --drive", {"--eagerness": eagerness})
    if decide:
        from aura.cli import decide as again

        other = again.Try(eagerness, waits, speculate)
        run(again.decide(load(), sessions, other, as_json=json))
    if len(sessions) > 1:
        raise CommandError("several sessions can only be replayed with --decide")
    if drive:
        from aura.cli import drive as through

        wish = through.Wish(stages, from_turn, llm_model, eagerness, fail_on, agent, live)
        run(through.drive(load(), sessions[0], wish, as_json=json))
    from aura.cli.republish import replay as once_more

    run(once_more(load(), sessions[0], speed, from_turn, publish=publish, as_json=json))


def _check_ways(ways: dict[str, bool]) -> None:
    """Refuse more than one way to replay.

    Raises:
        CommandError: several ways were given.
    """
    if sum(ways.values()) > 1:
        wanted = " and ".join(name for name, value in ways.items() if value)
        raise CommandError(f"{wanted} are two ways to replay: choose one")


def _check(there: bool, needed: str, options: dict[str, object]) -> None:
    """Refuse an option without effect.

    Raises:
        CommandError: an option was given without *needed*.
    """
    for name, value in options.items():
        if value and not there:
            raise CommandError(f"{name} does nothing without {needed}: add that")
