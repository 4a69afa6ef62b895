"""`aura engines`: lists the engines, and checks one of your own against the contract."""

import threading
from collections.abc import Iterator
from importlib.metadata import entry_points
from queue import Empty, Queue
from typing import Annotated, Literal

import typer

from aura.cli.running import CommandError
from runtime.settings import load
from runtime.text.printable import printable
from workers.engines.built_in import BUILT_IN, kind_of

app = typer.Typer(
    no_args_is_help=True, help="The engines there are; check one of your own against the contract."
)
Stage = Literal["stt", "llm", "tts"]
ENGINE_TIMEOUT_S = 120.0


@app.command("list")
def show() -> None:
    """List the engines by stage: built-in engines, and entry points of installed packages."""
    for stage, names in BUILT_IN.items():
        print(f"AURA_{stage.upper()}_ENGINE   {', '.join(names)}")
        for entry in sorted(entry_points(group=f"aura.{stage}"), key=lambda entry: entry.name):
            print(f"    {entry.name}   {entry.value}")


@app.command("test")
def check(
    name: Annotated[
        str, typer.Argument(help="module:Class, a name of an entry point, or of a built-in engine.")
    ],
    stage: Annotated[
        Stage | None,
        typer.Option("--stage", help="What it is; without it, its methods tell."),
    ] = None,
    wait_s: Annotated[
        float,
        typer.Option(
            "--wait-s",
            min=0,
            help="Seconds after which a check counts as hung; the first check loads the model.",
        ),
    ] = ENGINE_TIMEOUT_S,
) -> None:
    """Check a class against the engine contract, and print what fails and why."""
    from workers.engines import contract, factory, llm_factory  # noqa: PLC0415  # load numpy

    settings = load()
    kind = stage or kind_of(name)
    made = {
        "stt": factory.recognizer,
        "llm": llm_factory.language_model,
        "tts": factory.synthesizer,
    }
    engine = made[kind](settings.model_copy(update={f"{kind}_engine": name, "llm_fallbacks": ""}))
    bad = 0
    for what, why in _in_a_thread(contract.failures(kind, engine), wait_s):
        bad += bool(why)
        print(f"{'FAILED' if why else 'ok    '} {what}", flush=True)
        if why:
            print(f"       {printable(why)}")
    if bad:
        raise CommandError(f"{name}: {bad} of {len(contract.CHECKS[kind])} checks failed")
    print(f"{name} is an engine for AURA_{kind.upper()}_ENGINE.")


def _in_a_thread(
    results: Iterator[tuple[str, str]], wait_s: float = ENGINE_TIMEOUT_S
) -> Iterator[tuple[str, str]]:
    """Yield *results* from a separate thread, since an engine may hang: none in *wait_s*.

    Raises:
        CommandError: the engine hangs.
    """
    coming: Queue[tuple[str, str] | None] = Queue()  # bounded by the number of checks

    def run() -> None:
        for result in results:
            coming.put(result)
        coming.put(None)

    threading.Thread(target=run, daemon=True).start()
    while True:
        try:
            result = coming.get(timeout=wait_s)
        except Empty as error:
            raise CommandError(f"the next check hangs: {wait_s:g} s are over") from error
        if result is None:
            return
        yield result
