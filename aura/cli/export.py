"""`aura export`: writes a session to one file, for another machine."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from aura.cli.options import Session
from aura.cli.running import CommandError, run
from aura.cli.session.session_choice import chosen
from runtime.bus.connection import connect
from runtime.sessions import transfer
from runtime.sessions.file import SessionFile, pack
from runtime.settings import Settings, load


async def export(
    settings: Settings, session: str, *, out: Path | None, wav: Path | None, audio: bool
) -> int:
    """Write *session* to *out* or standard output, or its sound to *wav*."""
    if out is None and wav is None and sys.stdout.isatty():
        raise CommandError(
            f"a session file is binary: aura export {session} > call.aura, or --out call.aura"
        )
    file = await _exported(settings, session, audio=audio)
    if wav is not None:
        from runtime.sessions.recorded_audio import (  # noqa: PLC0415  # numpy, for sound alone
            NotRecordedError,
            stereo_wav,
        )

        try:
            sound = stereo_wav(file.audio)
        except NotRecordedError as error:
            raise CommandError(
                f"no sound of {session} was recorded: set AURA_RECORD_AUDIO=always, or have the "
                "client ask for it with record=1"
            ) from error
        await _write(wav, sound)
        print(f"The caller is on the left of {wav}, Aura on the right.", file=sys.stderr)
    if out is not None:
        await _write(out, pack(file))
    elif wav is None:
        sys.stdout.buffer.write(pack(file))
    return 0


async def _exported(settings: Settings, session: str, *, audio: bool) -> SessionFile:
    async with await connect(settings, "aura-export") as bus:
        file = await transfer.export(bus, await chosen(bus, session), audio=audio)
    if file is None:
        raise CommandError(
            f"no session {session} is recorded: `aura sessions` lists the recorded sessions"
        )
    return file


async def _write(path: Path, data: bytes) -> None:
    try:
        await asyncio.to_thread(path.write_bytes, data)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error


def command(
    session: Session,
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The file; default: standard output.")
    ] = None,
    wav: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the sound as a WAV instead: caller left, Aura right."
        ),
    ] = None,
    audio: Annotated[bool, typer.Option(help="Include the recorded sound.")] = True,
) -> None:
    """Write a session as one file: aura export SESSION > call.aura."""
    run(export(load(), session, out=out, wav=wav, audio=audio))
