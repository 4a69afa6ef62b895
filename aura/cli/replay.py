"""`aura replay`: prints, publishes, decides or drives a recorded session again."""

# ruff: noqa: PLC0415 - each way to replay imports only its own modules

from collections.abc import Collection, Iterable, Mapping
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

WAYS = ("publish", "decide", "drive")
ONLY_WITH: Mapping[str, tuple[str, ...]] = {
    "stages": ("drive",),
    "llm_model": ("drive",),
    "agent": ("drive",),
    "fail_on": ("drive",),
    "tools": ("drive",),
    "waits": ("decide",),
    "speculate": ("decide",),
    "eagerness": ("decide", "drive"),
}
"""The options that have an effect in some ways to replay only."""


def command(  # noqa: PLR0913  # typer makes an option of each argument
    context: typer.Context,
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
    _check(_typed(context), sessions)
    if decide:
        from aura.cli import decide as again

        run(again.decide(load(), sessions, again.Try(eagerness, waits, speculate), as_json=json))
    if drive:
        from aura.cli import drive as anew

        wish = anew.Wish(stages, from_turn, llm_model, eagerness, fail_on, agent, tools == "live")
        run(anew.drive(load(), sessions[0], wish, as_json=json))
    from aura.cli.republish import replay as once_more

    run(once_more(load(), sessions[0], speed, from_turn, publish=publish, as_json=json))


def _typed(context: typer.Context) -> set[str]:
    """Return the names of the options that were typed, whatever their values."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    # typer does not export the enum
    return {name for name, source in sources.items() if source and source.name != "DEFAULT"}


def _check(typed: Collection[str], sessions: list[str]) -> None:
    """Refuse *typed* options that contradict each other, or have no effect.

    Raises:
        CommandError: some were given.
    """
    ways = [way for way in WAYS if way in typed]
    if len(ways) > 1:
        raise CommandError(f"{_flags(ways, 'and')} are two ways to replay: choose one")
    for option, needed in ONLY_WITH.items():
        if option in typed and not any(way in typed for way in needed):
            flag = _flags([option], "")
            raise CommandError(f"{flag} does nothing without {_flags(needed, 'or')}: add that")
    if len(sessions) > 1 and "decide" not in typed:
        raise CommandError("several sessions can only be replayed with --decide")


def _flags(names: Iterable[str], word: str) -> str:
    """Return the options as they are typed, with *word* between them."""
    return f" {word} ".join("--" + name.replace("_", "-") for name in names)
