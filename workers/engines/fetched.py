"""The record of `aura models fetch`: each model's source, and the SHA-256 of its files.

The record outlives the files: what is fetched again under the same name must be the same again.
"""

from pathlib import Path
from typing import Literal

import msgspec

from workers.engines.errors import WeightsError
from workers.engines.files import alone, place

LOCK = "models.lock.json"
"""In AURA_CACHE_DIR; may be copied to other hosts, which then accept no other files."""
Trust = Literal["pinned", "given", "first use"]
"""Who says that a file is the right one: Aura, the operator, or nobody but who sent it first."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The files of one model, in the folder of its name."""

    source: str
    revision: str
    """Of the hub: the commit; of the registry and of a URL: empty."""
    weights: str
    """Which file is loaded."""
    files: dict[str, str]
    """Name to SHA-256."""
    trust: Trust


def records(cache: Path) -> dict[str, Record]:
    """Return what was fetched into *cache*, by name.

    Raises:
        WeightsError: the record cannot be read; nothing may be taken for what it says.
    """
    path = cache.expanduser() / LOCK
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return {}
    try:
        return msgspec.json.decode(data, type=dict[str, Record])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WeightsError(
            f"{path} cannot be read: repair it, or delete it and fetch again"
        ) from error


def remember(name: str, record: Record, cache: Path) -> None:
    """Note *record* as what *name* is.

    Raises:
        OSError: *cache* cannot be written.
    """
    cache = cache.expanduser()
    cache.mkdir(parents=True, exist_ok=True)
    with alone(cache / f"{LOCK}.lock"):
        known = records(cache) | {name: record}
        place(msgspec.json.format(msgspec.json.encode(known), indent=1), cache / LOCK)
