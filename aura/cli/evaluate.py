"""`aura eval`: runs spoken scenarios against a running Aura, several at once."""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import aiohttp
import typer
from rich.console import Console

from aura.cli.call import options
from aura.cli.calling.call_failures import failure
from aura.cli.evaluation.caller import perform
from aura.cli.evaluation.judge import judge
from aura.cli.evaluation.results import Result, junit, summary, table
from aura.cli.evaluation.sounds import sounds
from aura.cli.evaluation.suite import Scenario, Step, Suite, SuiteError
from aura.cli.evaluation.suite import load as read_suite
from aura.cli.options import Token, Url, Variables, agent_query, edge_of
from aura.cli.running import CommandError, run
from aura.client import CallClient, CallError
from runtime.settings import Settings, load


@dataclass(frozen=True)
class EvaluateOptions:
    """The options of the command."""

    suite: Path
    url: str
    token: str
    parallel: int = 2
    only: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    """The query with the agent and its variables."""
    junit: Path | None = None
    as_json: bool = False


async def evaluate(settings: Settings, wanted: EvaluateOptions) -> int:
    """Run the suite and print the results; return 1 if a scenario failed.

    Raises:
        CommandError: the suite cannot be read, no scenario is selected, or no edge answers.
        EngineError: the voice for the texts cannot be loaded.
    """
    try:
        suite = read_suite(wanted.suite)
        if wanted.only:
            some = tuple(scenario for scenario in suite.scenarios if wanted.only in scenario.name)
            if not some:
                raise CommandError(f"no scenario has {wanted.only!r} in its name")
            suite = suite.model_copy(update={"scenarios": some})
        spoken = await asyncio.to_thread(_sounds, settings, suite, wanted.suite.parent)
    except SuiteError as error:
        raise CommandError(str(error)) from error
    await _is_there(wanted.url)
    console, turn = Console(stderr=wanted.as_json), asyncio.Semaphore(wanted.parallel)

    async def attempt(scenario: Scenario) -> Result:
        async with turn:
            result = await _try(scenario, suite, spoken, wanted)
            console.print("." if result.passed else "F", end="")
            return result

    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(attempt(scenario)) for scenario in suite.scenarios]
    results = [task.result() for task in running]
    _tell(suite, results, wanted, console)
    return 0 if all(result.passed for result in results) else 1


def _sounds(settings: Settings, suite: Suite, folder: Path) -> Mapping[Step, bytes]:
    """Return the sound of every step; the voice is loaded only if a step has a text."""
    from workers.engines import factory  # noqa: PLC0415  # engines are an optional extra

    def say(text: str) -> bytes:
        return b"".join(voice[0].synthesize(text))

    voice = []
    if any(step.say for scenario in suite.scenarios for step in scenario.steps):
        chosen = settings.model_copy(update={"tts_engine": "auto"})
        voice.append(factory.synthesizer(chosen))
    return sounds(suite, folder, say)


async def _is_there(url: str) -> None:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http,
            http.get(f"{url.rstrip('/')}/") as answer,
        ):
            await answer.read()
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise CommandError(
            f"no edge answers at {url}: start one with `aura up`, or name one with --url"
        ) from error


async def _try(
    scenario: Scenario, suite: Suite, spoken: Mapping[Step, bytes], wanted: EvaluateOptions
) -> Result:
    result, began_s = Result(scenario.name), time.monotonic()
    query = options(greeting=scenario.greeting, more=wanted.query)
    client = CallClient(wanted.url, token=wanted.token, query=query, retries_s=())
    try:
        result.seen = await perform(scenario, spoken, client, within_s=suite.within_s)
    except CallError as error:
        result.error = failure(error, wanted.url)
    for number, (step, seen) in enumerate(zip(scenario.steps, result.seen, strict=False), 1):
        result.wrong += [f"step {number}: {flaw}" for flaw in judge(step, seen, suite.within_s)]
    result.seconds = time.monotonic() - began_s
    return result


def _tell(suite: Suite, results: list[Result], wanted: EvaluateOptions, console: Console) -> None:
    console.print("\n", suite.name, sep="", markup=False)
    console.print(table(results))
    console.print(summary(results), highlight=False)
    if wanted.as_json:
        json.dump([result.as_json() for result in results], sys.stdout)
        sys.stdout.write("\n")
    if wanted.junit is not None:
        try:
            wanted.junit.write_bytes(junit(suite.name, results))
        except OSError as error:
            raise CommandError(f"--junit {wanted.junit}: {error.strerror}") from error


def command(  # noqa: PLR0913  # typer makes an option of each argument
    suite: Annotated[Path, typer.Argument(metavar="SUITE.yaml", help="See docs/evaluate.md.")],
    url: Url = None,
    token: Token = None,
    *,
    agent: Annotated[
        str, typer.Option(metavar="NAME[@REV]", help="Use this agent, or this revision of it.")
    ] = "",
    variable: Variables = None,
    parallel: Annotated[int, typer.Option(min=1, max=100, help="Calls at once.")] = 2,
    only: Annotated[str, typer.Option(help="Only scenarios with this in their name.")] = "",
    report: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The results as JSON.")] = False,
) -> None:
    """Run a suite of spoken scenarios against a running Aura; exit code 1: a scenario failed.

    A revision (@REV) needs the demo token, or a token whose claim `agent` names that revision.
    """
    here = load()
    where, who = edge_of(here, url, token)
    query = agent_query(agent, variable)
    wanted = EvaluateOptions(
        suite,
        where,
        who,
        parallel=parallel,
        only=only,
        query=query,
        junit=report,
        as_json=as_json,
    )
    run(evaluate(here, wanted))
