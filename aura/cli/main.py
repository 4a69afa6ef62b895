"""The command `aura`: what an operator types. Heavy imports wait inside the commands."""

# ruff: noqa: PLC0415 - `aura --help` must not load a speech model

from __future__ import annotations

import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from aura import __version__
from aura.cli import dead, models, recorded
from aura.cli.here import CommandError, run, running_url
from aura.settings import Settings, SettingsError, load

app = typer.Typer(
    name="aura",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=(
        "Aura, a self-hosted real-time voice backend on an event bus.\n\n"
        "Start everything on this machine with [bold]aura up[/], then ask a question with "
        "[bold]aura call question.wav[/] and watch the bus with [bold]aura tap[/]. "
        "Settings come from the environment and from .env: [bold]aura settings[/] lists them."
    ),
    rich_markup_mode="rich",
)
CONFIG_EXIT = 78
app.add_typer(dead.app, name="dead")
app.add_typer(models.app, name="models")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"aura {__version__}")
        raise typer.Exit


@app.callback()
def _aura(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    del version


def role(settings: Settings, name: str, work: Coroutine[Any, Any, int]) -> None:
    """Run a service process: what is wrong with its configuration is said and ends it for good."""
    from aura import logs

    logs.configure(settings, name)
    run(work)


def place(given: dict[str, Any]) -> Settings:
    """Return the settings, with the options that were given on the command line."""
    return load(**{name: value for name, value in given.items() if value is not None})


# ---------------------------------------------------------------- running it

Port = Annotated[int | None, typer.Option(help="Port of the (first) edge; default PORT or 8000.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on; default HOST or 0.0.0.0.")]


@app.command()
def up(
    port: Port = None,
    host: Host = None,
    stt: Annotated[int, typer.Option(min=0, help="STT workers.")] = 1,
    llm: Annotated[int, typer.Option(min=0, help="LLM workers.")] = 1,
    tts: Annotated[int, typer.Option(min=0, help="TTS workers.")] = 1,
    edges: Annotated[int, typer.Option(min=1, help="Edges, on PORT, PORT+1, ...")] = 1,
) -> None:
    """Run everything on this machine: bus, edge, workers. Ctrl-C ends it well."""
    from deploy.up import Counts
    from deploy.up import up as run_up

    role(
        settings := place({"port": port, "host": host}),
        "up",
        run_up(settings, Counts(edges, stt, llm, tts)),
    )


@app.command()
def edge(port: Port = None, host: Host = None) -> None:
    """Run one edge: the door that clients call. Needs NATS_URL and a provisioned bus."""
    from edge.main import serve

    settings = place({"port": port, "host": host})
    role(settings, "edge", serve(settings))


@app.command()
def worker(
    stage: Annotated[str, typer.Argument(help="stt, llm, tts or analytics.", metavar="STAGE")],
    module: Annotated[
        list[str] | None,
        typer.Option(help="analytics: module or module:name with subscribers; repeatable."),
    ] = None,
    group: Annotated[
        str, typer.Option(help="analytics: who shares the events; default: the module's name.")
    ] = "",
    start: Annotated[
        str,
        typer.Option(
            "--from",
            help="analytics: where a new group begins: now, beginning, 2h (ago), or a time.",
        ),
    ] = "now",
    live: Annotated[
        bool, typer.Option("--live", help="analytics: only while it listens, nothing is kept.")
    ] = False,
) -> None:
    """Run one worker; it shares the load of its stage at once. Needs NATS_URL.

    `aura worker analytics --module mine` runs subscribers: see docs/analytics.md.
    """
    from workers.main import serve

    if stage == "analytics":
        from aura.cli import analytics

        here = load()
        what = analytics.plan(here, module or [], group, start, live=live)
        run(analytics.run(here, what))
    if stage not in {"stt", "llm", "tts"}:
        raise CommandError(f"there is no stage {stage!r}: it is stt, llm, tts or analytics")
    settings = load()
    chosen: Literal["stt", "llm", "tts"] = stage  # type: ignore[assignment]  # checked above
    role(settings, stage, serve(settings, chosen))


@app.command()
def provision() -> None:
    """Create or update Aura's streams and consumers on NATS_URL; safe at any time."""
    from aura.bus.connection import connect
    from deploy.provision import provision as apply

    async def work() -> int:
        settings = load()
        bus = await connect(settings, "aura-provision")
        try:
            changed = await apply(bus, replicas=settings.replicas)
        finally:
            await bus.close()
        print("\n".join(changed) or "All in place.")
        return 0

    run(work())


# ---------------------------------------------------------------- looking at it


@app.command()
def tap(
    subject: Annotated[str, typer.Argument(help="Subject to listen to.")] = "aura.live.>",
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    session: Annotated[str | None, typer.Option(help="Only this session.")] = None,
) -> None:
    """Print live events, decoded, one a line. Also: aura.part.> (growing words), aura.au.>."""
    from aura.cli.tap import listen

    run(listen(load(), subject, as_json=json, session=session))


@app.command()
def report(
    html: Annotated[Path, typer.Option(help="Where the page goes.")] = Path("report.html"),
    start: Annotated[
        str, typer.Option("--from", help="beginning, 2h or 7d (ago), or a time.")
    ] = "7d",
    tenant: Annotated[str, typer.Option(help="Only this tenant.")] = "",
    data: Annotated[
        Path | None, typer.Option(help="The warehouse; default AURA_ANALYTICS_DIR.")
    ] = None,
) -> None:
    """Draw latencies, talk, interruptions, guesses, errors and cost as one HTML page.

    The numbers come from `aura worker analytics --module workers.analytics.warehouse`.
    """
    from aura.cli.report import report as write

    raise typer.Exit(write(load(), data=data, start=start, tenant=tenant, out=html))


@app.command()
def workers(
    once: Annotated[bool, typer.Option("--once", help="Print one table and end.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object and end.")] = False,
) -> None:
    """Show who is there: edges, workers, their load, and how far behind each stage is.

    Live until Ctrl-C. WAITING is jobs that no worker has yet, OLDEST how long the first of them has
    waited: more than a moment means that the stage wants another worker.
    """
    from aura.cli.workers import show

    run(show(load(), once=once, as_json=json))


@app.command()
def doctor() -> None:
    """Say what is here, what is missing, and how to get it."""
    from aura.cli.doctor import examine

    run(examine(load()))


@app.command()
def settings(
    markdown: Annotated[bool, typer.Option(help="As the table of the README.")] = False,
) -> None:
    """List every setting: variable, default, meaning."""
    from aura.cli.settings_table import as_markdown, show

    if markdown:
        print(as_markdown())
    else:
        show()


# ---------------------------------------------------------------- calling it


@app.command()
def call(
    question: Annotated[Path, typer.Argument(metavar="QUESTION.wav", help="What to say.")],
    out: Annotated[Path, typer.Option(help="Where the answer goes.")] = Path("answer.wav"),
    url: Annotated[str | None, typer.Option(help="The edge; default: the Aura here.")] = None,
    token: Annotated[str | None, typer.Option(help="Default: the demo token.")] = None,
    greeting: Annotated[bool, typer.Option(help="Hear the greeting first.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The result as JSON.")] = False,
) -> None:
    """Ask a recorded question like a microphone would; show words, answer and waterfall."""
    from aura.cli.call import call as make
    from aura.cli.call import read_question

    here = load()
    pcm = read_question(question)
    run(
        make(
            pcm,
            url=url or here.url or running_url(here),
            token=token or here.demo_token.get_secret_value(),
            out=out,
            greeting=greeting,
            as_json=json,
        )
    )


@app.command("eval")
def evaluate(
    suite: Annotated[Path, typer.Argument(metavar="SUITE.yaml", help="See docs/evaluate.md.")],
    url: Annotated[str | None, typer.Option(help="The edge; default: the Aura here.")] = None,
    token: Annotated[str | None, typer.Option(help="Default: the demo token.")] = None,
    parallel: Annotated[int, typer.Option(min=1, max=100, help="Calls at once.")] = 2,
    only: Annotated[str, typer.Option(help="Only scenarios with this in their name.")] = "",
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The results as JSON.")] = False,
) -> None:
    """Hold the spoken scenarios of a suite against a running Aura; exit code 1: one failed."""
    from aura.cli.evaluate import Wanted
    from aura.cli.evaluate import evaluate as hold

    here = load()
    wanted = Wanted(
        suite,
        url or here.url or running_url(here),
        token or here.demo_token.get_secret_value(),
        parallel,
        only,
        junit,
        json,
    )
    run(hold(here, wanted))


@app.command()
def demo() -> None:
    """Start Aura on a free port, ask it a question in its own voice, and stop it."""
    from aura.cli.demo import demo as show

    run(show(load()))


recorded.register(app, run)


def main() -> None:
    """Run the command line; what goes wrong in a known way is one line and an exit code."""
    from aura.bus.connection import BusAwayError
    from deploy.nats_server import ServerMissingError
    from deploy.provision import ProvisionError
    from deploy.supervisor import HopelessError
    from workers.engines.protocols import EngineError

    known = (
        SettingsError,
        CommandError,
        BusAwayError,
        ServerMissingError,
        ProvisionError,
        HopelessError,
        EngineError,
    )
    try:
        app()
    except known as error:
        sys.stderr.write(f"aura: {error}\n")
        # A service whose configuration is wrong tells its supervisor so: do not try again.
        hopeless = isinstance(error, SettingsError | EngineError | ServerMissingError)
        sys.exit(CONFIG_EXIT if hopeless else 1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
