"""The record of `aura models fetch`: each model's source, and the SHA-256 of its files.

The record outlives the files: a later fetch of the same name must give the same files.
"""

from pathlib import Path
from typing import Literal

import msgspec

from workers.engines.errors import WeightsError
from workers.engines.files import file_lock, write_atomically

LOCK = "models.lock.json"
"""In AURA_CACHE_DIR; may be copied to other hosts, which then accept no other files."""
Trust = Literal["pinned", "given", "first use"]
"""The source of a file's checksum: Aura, the operator, or only the first fetch."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The files of one model, in the folder of its name."""

    source: str
    revision: str
    """The commit on the hub; empty for the registry and URLs."""
    weights: str
    """The file that is loaded."""
    files: dict[str, str]
    """Name to SHA-256."""
    trust: Trust


def records(cache: Path) -> dict[str, Record]:
    """Return the records of the models in *cache*, by name.

    Raises:
        WeightsError: the record cannot be read, so no file can be checked.
    """
    path = cache.expanduser() / LOCK
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    try:
        return msgspec.json.decode(data, type=dict[str, Record])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WeightsError(
            f"{path} cannot be read: repair it, or delete it and fetch again"
        ) from error


def write_record(name: str, record: Record, cache: Path) -> None:
    """Write *record* for *name*.

    Raises:
        OSError: *cache* cannot be written.
    """
    cache = cache.expanduser()
    cache.mkdir(parents=True, exist_ok=True)
    with file_lock(cache / f"{LOCK}.lock"):
        known = records(cache) | {name: record}
        write_atomically(msgspec.json.format(msgspec.json.encode(known), indent=1), cache / LOCK)
