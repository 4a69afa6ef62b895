"""`aura import`: stores a session from a file under its own id."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from aura.cli.running import CommandError, run
from runtime.bus.connection import connect
from runtime.bus.errors import BusRefusedError
from runtime.sessions import transfer
from runtime.sessions.file import NotASessionError, unpack
from runtime.settings import Settings, load


async def bring_in(settings: Settings, file: Path) -> int:
    """Store the session in *file* under its own id."""
    try:
        data = await asyncio.to_thread(file.read_bytes)
        session_file = unpack(data)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from error
    except NotASessionError as error:
        raise CommandError(f"{file} cannot be imported: {error}") from error
    session = session_file.session
    try:
        async with await connect(settings, "aura-import") as bus:
            count = await transfer.store(bus, session_file)
    except transfer.AlreadyRecordedError as error:
        raise CommandError(
            f"session {session} is recorded already; to replace it: aura forget {session}"
        ) from error
    except BusRefusedError as error:
        raise CommandError(
            f"session {session} was imported in part: {error}; "
            f"to remove that part: aura forget {session}"
        ) from error
    print(f"{session}: {count} messages imported. Next: aura show {session}")
    return 0


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="From `aura export`.")],
) -> None:
    """Import a session from a file under its own id."""
    run(bring_in(load(), file))
