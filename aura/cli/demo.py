"""`aura demo`: starts everything, asks one question in Aura's own voice, stops everything."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from aura.cli.call import call, options
from aura.cli.calling.outcome import NO_RESPONSE_AFTER_S
from aura.cli.running import CommandError, run, running_url
from aura.client import CallClient
from deploy.nats_server import free_port
from runtime.settings import Settings, load

AURA_COMMAND = (sys.executable, "-m", "aura.cli.main")
QUESTION = "Hello! What is the capital of Italy?"


@dataclass(frozen=True)
class Scene:
    """A demo: its question, and the Aura that answers it."""

    question: str
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables for its processes, over the environment of this one."""
    options: Sequence[str] = ()
    """Options of `aura up`."""
    tools: Path | None = None
    """A file of tools that is served during the demo."""
    query: Mapping[str, str] = field(default_factory=dict)
    """The query of the call."""
    timeout_s: float = NO_RESPONSE_AFTER_S
    """The longest wait for the response."""


async def demo(settings: Settings, scene: Scene) -> int:
    """Run the demo; the exit code is that of the call."""
    from workers.engines import factory  # noqa: PLC0415  # engines are an optional extra

    with tempfile.TemporaryDirectory(prefix="aura-demo-") as folder:
        here = settings.model_copy(
            update={"data_dir": Path(folder), "port": free_port(), "host": "127.0.0.1"}
        )
        process = await asyncio.create_subprocess_exec(
            *(*AURA_COMMAND, "up", *scene.options),
            env=_environment(here, scene),
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        async with AsyncExitStack() as stack:
            stack.push_async_callback(_stop, process)
            await _line(process, "Aura is ready")
            if scene.tools:
                await _serve_tools(scene.tools, _environment(here, scene), stack)
            print(f"Asking, in Aura's own voice: {scene.question}")
            voice = factory.synthesizer(here)
            pcm = await asyncio.to_thread(lambda: b"".join(voice.synthesize(scene.question)))
            line = CallClient(
                running_url(here),
                token=here.demo_token.get_secret_value(),
                query=options(greeting=False, more=scene.query),
                retries_s=(),
            )
            return await call(
                pcm,
                line,
                out=Path("answer.wav"),
                greeting=False,
                as_json=False,
                timeout_s=scene.timeout_s,
            )


async def _serve_tools(tools: Path, environment: dict[str, str], stack: AsyncExitStack) -> None:
    """Serve the file *tools* until *stack* is closed."""
    serving = await asyncio.create_subprocess_exec(
        *(*AURA_COMMAND, "tools", "serve", str(tools)),
        env={**environment, "LOG_LEVEL": "INFO"},
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    stack.push_async_callback(_stop, serving)
    await _line(serving, "tools_ready", quiet=True)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    await process.wait()


def _environment(here: Settings, scene: Scene) -> dict[str, str]:
    return {
        **os.environ,
        **scene.environment,
        "AURA_DATA_DIR": str(here.data_dir),
        "PORT": str(here.port),
        "HOST": here.host,
        "LOG_LEVEL": "WARNING",
        "AURA_CONSOLE": "false",
    }


async def _line(process: asyncio.subprocess.Process, wanted: str, *, quiet: bool = False) -> None:
    """Wait until *process* prints *wanted*; earlier lines are shown unless *quiet*."""
    assert process.stdout is not None  # noqa: S101  # we asked for it
    while line := (await process.stdout.readline()).decode():
        if wanted in line:
            return
        if not quiet:
            sys.stdout.write(line)
    raise SystemExit(await process.wait() or 1)


def command(
    what: Annotated[
        str, typer.Argument(metavar="[restaurant]", help="A table is booked, by a tool.")
    ] = "",
) -> None:
    """Start Aura on a free port, ask it a question in its own voice, and stop it.

    `aura demo restaurant` has an agent book a table: examples/restaurant.
    """
    if what not in {"", "restaurant"}:
        raise CommandError(f"there is no demo {what}: `aura demo`, or `aura demo restaurant`")
    print("Starting Aura; the first time its models are unpacked and checked ...")
    if what:
        from aura.cli import demo_restaurant  # noqa: PLC0415  # the plain demo needs it not

        run(demo_restaurant.demo(load()))
    else:
        run(demo(load(), Scene(QUESTION)))
