"""`aura demo`: everything started, one question asked in Aura's own voice, everything stopped."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from pathlib import Path

from aura.cli.call import call, options
from aura.cli.running import run, running_url
from aura.client import Call
from deploy.nats_server import free_port
from runtime.settings import Settings, load

QUESTION = "Hello! What is the capital of Italy?"


async def demo(settings: Settings) -> int:
    """Run the demo; the exit code is the call's."""
    from workers.engines import factory  # noqa: PLC0415  # engines are an optional extra

    with tempfile.TemporaryDirectory(prefix="aura-demo-") as folder:
        here = settings.model_copy(
            update={"data_dir": Path(folder), "port": free_port(), "host": "127.0.0.1"}
        )
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "aura.cli.main", "up"),
            env=_environment(here),
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            await _ready(process)
            print(f"Asking, in Aura's own voice: {QUESTION}")
            voice = factory.synthesizer(here)
            pcm = await asyncio.to_thread(lambda: b"".join(voice.synthesize(QUESTION)))
            line = Call(
                running_url(here),
                token=here.demo_token.get_secret_value(),
                query=options(greeting=False),
                comes_back=False,
            )
            return await call(
                pcm,
                line,
                out=Path("answer.wav"),
                greeting=False,
                as_json=False,
            )
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await process.wait()


def _environment(here: Settings) -> dict[str, str]:
    import os  # noqa: PLC0415  # only here

    return {
        **os.environ,
        "AURA_DATA_DIR": str(here.data_dir),
        "PORT": str(here.port),
        "HOST": here.host,
        "LOG_LEVEL": "WARNING",
    }


async def _ready(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None  # noqa: S101  # we asked for it
    print("Starting Aura; the first time its models are unpacked and checked ...")
    while line := (await process.stdout.readline()).decode():
        if line.startswith("Aura is ready"):
            return
        sys.stdout.write(line)
    raise SystemExit(await process.wait() or 1)


def command() -> None:
    """Start Aura on a free port, ask it a question in its own voice, and stop it."""
    run(demo(load()))
