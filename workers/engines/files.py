"""The checksum of a file, and atomic writes by several processes, one writer at a time."""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BLOCK_BYTES = 1 << 20


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_unchanged(path: Path, sha256: str) -> bool:
    """Return whether the file is there and has *sha256*."""
    return path.is_file() and sha256_of(path) == sha256


def write_atomically(data: bytes, target: Path) -> None:
    """Write *target* atomically; the caller has the lock."""
    new = target.with_name(f"{target.name}.new")
    try:
        new.write_bytes(data)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)


@contextmanager
def file_lock(lock: Path) -> Iterator[None]:
    """Hold *lock* among all processes; the kernel frees it if this one dies."""
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
