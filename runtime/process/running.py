"""Finds a running `aura up` of this machine, for commands in another folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from runtime.settings import Settings

MOST_TOLD_FOLDERS = 3


@contextmanager
def noted(settings: Settings, data: Path) -> Iterator[None]:
    """While the block is open, let commands in other folders find the running Aura of *data*."""
    note = _notes(settings) / str(os.getpid())
    with suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(str(data.resolve()), encoding="utf-8")
    try:
        yield
    finally:
        with suppress(OSError):
            note.unlink(missing_ok=True)


def advice(settings: Settings) -> str:
    """Return advice on the setting by which a command finds the running Aura."""
    own = str(settings.data_dir.expanduser().resolve())
    folders = [data for data in _running(settings) if data != own][:MOST_TOLD_FOLDERS]
    if not folders:
        return "Where `aura up` runs in another folder, set AURA_DATA_DIR to its .aura."
    ways = " or ".join(f"AURA_DATA_DIR={data}" for data in folders)
    return f"An `aura up` runs elsewhere: set {ways}."


def _notes(settings: Settings) -> Path:
    return settings.cache_dir.expanduser() / "running"


def _running(settings: Settings) -> list[str]:
    folders = []
    with suppress(OSError):
        for note in sorted(_notes(settings).iterdir()):
            if not note.name.isdecimal():
                continue
            try:
                os.kill(int(note.name), 0)
                folders.append(note.read_text(encoding="utf-8").strip())
            except (ProcessLookupError, OverflowError):  # the process was killed
                note.unlink(missing_ok=True)
            except OSError:
                continue
    return [data for data in folders if Path(data).is_dir()]
