"""The command `aura` and its subcommands; each is a module that is loaded when it is used."""

import gc
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from aura.cli.fast_start import without, without_aiohttp
from runtime.text.printable import printable

HELP = (
    "Aura, a self-hosted real-time voice backend on an event bus.\n\n"
    "Start everything on this machine with [bold]aura up[/], then ask a question with "
    "[bold]aura call question.wav[/] and watch the bus with [bold]aura tap[/]. "
    "Settings come from the environment and from .env: [bold]aura settings[/] lists them."
)


@dataclass(frozen=True)
class HelpLine:
    """A line of `aura --help`. Its module has `command`, or `app` if it has subcommands."""

    name: str
    help: str
    quick: bool = False
    """Whether the command only talks to the bus, so that it can start without aiohttp."""
    service: bool = False
    """Whether the command runs a service, whose log says which settings come from `.env`."""
    file: str = ""
    """The name of its module; empty: as the command."""

    @property
    def module(self) -> str:
        return self.file or self.name


COMMANDS = {
    "Running it": (
        HelpLine("up", "Run everything on this machine: bus, edge, workers.", service=True),
        HelpLine("edge", "Run one edge, which clients call.", service=True),
        HelpLine("sip", "Serve the telephone calls of a SIP account.", service=True),
        HelpLine("worker", "Run one worker; it shares its stage's load at once.", service=True),
        HelpLine("tools", "Serve tools for agents; list those on the bus."),
        HelpLine("provision", "Create or update Aura's streams and consumers.", quick=True),
        HelpLine("agents", "Agents: configurations of calls, as files.", quick=True),
        HelpLine("tenants", "Tenants: limits, prices, default agent.", quick=True),
        HelpLine("engines", "List the engines; check one of your own."),
        HelpLine("models", "List the models; fetch optional ones."),
    ),
    "Calling it": (
        HelpLine("talk", "Talk to it by this terminal's microphone and loudspeaker."),
        HelpLine("call", "Ask a question, recorded or in words, like a microphone."),
        HelpLine("demo", "Start Aura, ask it a question in its own voice, and stop it."),
        HelpLine("calls", "Running calls: list, say, mute, end, listen in.", quick=True),
        HelpLine("eval", "Run a suite of spoken scenarios against it.", file="evaluate"),
    ),
    "Recorded sessions": (
        HelpLine("sessions", "List the recorded sessions, newest first.", quick=True),
        HelpLine("show", "Draw one session, in the terminal or as a page.", quick=True),
        HelpLine("replay", "Print it, publish it, decide it again, or drive it again.", quick=True),
        HelpLine("export", "Write a session as one file.", quick=True),
        HelpLine(
            "import",
            "Import a session from a file under its own id.",
            quick=True,
            file="import_session",
        ),
        HelpLine("forget", "Erase all messages of sessions, and prove it.", quick=True),
        HelpLine("report", "Draw latencies, talk, errors and cost as one HTML page.", quick=True),
    ),
    "Looking at it": (
        HelpLine(
            "console",
            "Serve the console, a live page of calls and workers.",
            service=True,
            file="console.command",
        ),
        HelpLine("tap", "Print live events, decoded, one on each line.", quick=True),
        HelpLine("workers", "Show the processes, their load and their backlog.", quick=True),
        HelpLine("dead", "Jobs that were given up: list, retry, forget.", quick=True),
        HelpLine("doctor", "Show what is installed and what is missing.", quick=True),
        HelpLine(
            "settings", "List every setting: variable, default, meaning.", file="settings_table"
        ),
    ),
}


def _version(wanted: bool) -> None:
    if wanted:
        from runtime.process.version import version  # noqa: PLC0415  # asks for the installed packages

        print(f"aura {version()}")
        raise typer.Exit


SERVICES = {
    command.name for commands in COMMANDS.values() for command in commands if command.service
}


def _aura(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    del version
    if context.invoked_subcommand not in SERVICES and Path(".env").is_file():
        from aura.cli import env_file  # noqa: PLC0415  # loads the settings

        env_file.say()


def _not_loaded() -> None:
    raise AssertionError("only the command in use is loaded")


def command_line(typed: str) -> typer.Typer:
    """Return the commands: the *typed* one loaded, the others with their help line only."""
    app = typer.Typer(
        name="aura",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help=HELP,
        rich_markup_mode="rich",
    )
    app.callback()(_aura)
    for panel, commands in COMMANDS.items():
        for command in commands:
            what: Callable[..., None] | typer.Typer = _not_loaded
            if command.name == typed:
                # garbage collection would take a tenth of the start and find none
                usual = gc.get_threshold()
                gc.set_threshold(1_000_000, 50, 50)
                with without("rich"):  # which draws tracebacks that Aura never shows
                    import_module("structlog")
                with without_aiohttp() if command.quick else nullcontext():
                    if command.quick:
                        import_module("nats")  # now, or the command imports it with aiohttp
                    module = import_module(f"aura.cli.{command.module}")
                if not command.quick:
                    gc.set_threshold(*usual)
                what = getattr(module, "app", None) or module.command
            if isinstance(what, typer.Typer):
                app.add_typer(what, name=command.name, rich_help_panel=panel)
            else:
                line = command.help if what is _not_loaded else None
                app.command(command.name, help=line, rich_help_panel=panel)(what)
    return app


def main() -> None:
    """Run the command line that was typed."""
    run(_typed)


def _typed() -> None:
    typed = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    command_line(typed)()


def run(command: Callable[[], None]) -> None:
    """Run *command*; a known error becomes one line and an exit code."""
    try:
        command()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        from aura.cli import operator_errors  # noqa: PLC0415  # knows the errors of every part

        if not isinstance(error, operator_errors.OPERATOR_ERRORS):
            raise
        sys.stderr.write(f"aura: {printable(str(error))}\n")
        # This exit code tells the supervisor that the configuration is wrong: a restart would not
        # help.
        from deploy.restarts import CONFIG_EXIT  # noqa: PLC0415  # only for a failure

        sys.exit(CONFIG_EXIT if isinstance(error, operator_errors.PERMANENT_START_ERRORS) else 1)


if __name__ == "__main__":
    main()
