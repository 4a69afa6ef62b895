"""Model weights: found in installed packages, joined once from their parts, checked by SHA-256.

A known name is searched among fetched models, then in its package; a path is used as it is.
"""

# ruff: noqa: PLC0415 - libraries are optional extras, imported only where they are used

import errno
import hashlib
import importlib.util
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from runtime.process.version import installing
from workers.engines import fetched
from workers.engines.catalogue import PACKAGED
from workers.engines.errors import EngineError, EngineMissingError, WeightsError
from workers.engines.files import BLOCK_BYTES, file_lock, is_unchanged, write_atomically
from workers.engines.pinned import PINNED, PinnedWeights

log = structlog.get_logger(__name__)

Advance = Callable[[int], object]
"""Takes the number of bytes just read."""


WEIGHTS_SUFFIXES = {".onnx", ".gguf"}
"""Suffixes of weights; a bare name with one of them is a path."""


def find(name: str, cache: Path) -> Path | None:
    """Return the checked weights file of *name*, or None if the name is unknown.

    A path is not checked: its operator is responsible for it. A path has a `/` or a suffix of
    weights, so that a file in the working directory does not change the meaning of a bare name.

    Raises:
        EngineMissingError: the package with these weights is not installed.
        WeightsError: the weights are damaged, or the disk is too full to join them.
    """
    as_path = Path(name).expanduser()
    is_path = os.sep in name or as_path.suffix in WEIGHTS_SUFFIXES
    if is_path and as_path.exists():
        return as_path
    cache = cache.expanduser()
    if record := fetched.records(cache).get(name):
        return _fetched(name, record, cache)
    if name in PACKAGED and not _installed(name):
        raise WeightsError(f"{name} is not here: `aura models fetch {name}` brings it")
    if (pinned := PINNED.get(name)) is None:
        if not is_path and as_path.exists():
            raise WeightsError(f"{name} is no model that Aura knows; the file here is ./{name}")
        return None
    if (installed := _in_image(name, pinned)).exists():
        _verify(installed, pinned, cache)
        return installed
    parts = [_in_package(package, path, pinned) for package, path in pinned.parts]
    if len(parts) == 1:
        _verify(parts[0], pinned, cache)
        return parts[0]
    return _join(name, parts, pinned, cache)


def _join(name: str, parts: list[Path], pinned: PinnedWeights, cache: Path) -> Path:
    """Return the file of joined *parts*, which only one process joins.

    Raises:
        WeightsError: the weights are damaged, or *cache* cannot take them.
    """
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with file_lock(cache / f"{name}.lock"):
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


def missing(name: str, cache: Path) -> str:
    """Return what is missing of the weights *name*, and how to get it; empty: nothing.

    No file is read or written: `find` checks them.
    """
    cache = cache.expanduser()
    try:
        if record := fetched.records(cache).get(name):
            gone = [at for file in record.files if not (at := cache / name / file).is_file()]
            advice = f"is gone: `aura models fetch {name}` brings it once more"
            return f"{gone[0]} {advice}" if gone else ""
        if name in PACKAGED and not _installed(name):
            return f"not here: `aura models fetch {name}` brings it"
        pinned = PINNED[name]
        if not _in_image(name, pinned).exists():
            for package, path in pinned.parts:
                _in_package(package, path, pinned)
    except EngineError as error:
        return str(error)
    return ""


def _fetched(name: str, record: fetched.Record, cache: Path) -> Path:
    for file, sha256 in record.files.items():
        path = cache / name / file
        advice = f"`aura models fetch {name}` brings it once more"
        if not path.is_file():
            raise WeightsError(f"{path} is gone: {advice}")
        check(path, sha256, cache, advice)
    return cache / name / record.weights


def _installed(name: str) -> bool:
    """Return whether packages with *name* are installed, or were when the image was built."""
    if (pinned := PINNED.get(name)) is None:
        return False
    if _in_image(name, pinned).exists():
        return True
    return all(importlib.util.find_spec(package) for package, _ in pinned.parts)


def _in_image(name: str, pinned: PinnedWeights) -> Path:
    """Return the path of weights that an image may hold, joined; its containers share them."""
    return Path(sys.prefix) / "share" / "aura" / "weights" / name / pinned.file


def _in_package(package: str, path: str, pinned: PinnedWeights) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EngineMissingError(package.replace("_", "-"), pinned.extra)
    file = Path(spec.origin).parent / path
    if not file.is_file():
        raise WeightsError(f"{package} is installed without {path}; set {pinned.setting}")
    return file


def _joined(name: str, parts: list[Path], pinned: PinnedWeights, cache: Path) -> Path:
    folder = cache / name
    target = folder / pinned.file
    folder.mkdir(exist_ok=True)
    for package, path in pinned.small_files:
        source = _in_package(package, path, pinned)
        if not (folder / source.name).exists():
            write_atomically(source.read_bytes(), folder / source.name)
    if target.exists():
        try:
            _verify(target, pinned, cache)
        except WeightsError:
            log.warning("weights_joined_again", weights=name)  # the copy can be made again
        else:
            return target
    joining = target.with_name(f"{target.name}.joining")  # unique while the lock is held
    digest = hashlib.sha256()
    size_bytes = sum(part.stat().st_size for part in parts)
    try:
        with joining.open("wb") as out, _progress(f"joining {name}", size_bytes) as advance:
            for block in itertools.chain.from_iterable(map(_blocks, parts)):
                out.write(block)
                digest.update(block)
                advance(len(block))
            out.flush()
            os.fsync(out.fileno())  # else a power cut could leave half a file under the name
        if digest.hexdigest() != pinned.sha256:
            raise WeightsError(_unexpected(f"the joined parts of {name}", pinned))
        joining.replace(target)
    finally:
        joining.unlink(missing_ok=True)
    _remember(target, pinned.sha256, cache)
    return target


def _verify(path: Path, pinned: PinnedWeights, cache: Path) -> None:
    for name, sha256 in pinned.small_hashes.items():
        if not is_unchanged(small := path.parent / name, sha256):
            raise WeightsError(_unexpected(str(small), pinned))
    check(path, pinned.sha256, cache, _advice(pinned))


def check(path: Path, sha256: str, cache: Path, advice: str) -> None:
    """Read *path* and compare it with *sha256*, once for each state of the file.

    Raises:
        WeightsError: it is another file; *advice* ends the message.
    """
    if _memory(cache).get(str(path)) == _fingerprint(path, sha256):
        return
    digest = hashlib.sha256()
    with _progress(f"checking {path.name}", path.stat().st_size) as advance:
        for block in _blocks(path):
            digest.update(block)
            advance(len(block))
    if digest.hexdigest() != sha256:
        raise WeightsError(f"{path} does not have the expected SHA-256: {advice}")
    _remember(path, sha256, cache)


def _unexpected(what: str, pinned: PinnedWeights) -> str:
    return f"{what} does not have the expected SHA-256: {_advice(pinned)}"


def _advice(pinned: PinnedWeights) -> str:
    return f"{installing(pinned.extra)} --force-reinstall, or set {pinned.setting}"


def _fingerprint(path: Path, sha256: str) -> list[int | str]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, sha256]


def _memory(cache: Path) -> dict[str, object]:
    try:
        memory = json.loads((cache / "verified.json").read_text())
    except (OSError, ValueError):
        return {}  # the file is hashed again
    return memory if isinstance(memory, dict) else {}


def _remember(path: Path, sha256: str, cache: Path) -> None:
    """Remember the check for the next start, if the cache can be written."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with file_lock(cache / "verified.lock"):
            memory = _memory(cache) | {str(path): _fingerprint(path, sha256)}
            write_atomically(json.dumps(memory, indent=1).encode(), cache / "verified.json")
    except OSError as error:
        log.warning("verified_weights_not_remembered", cache=str(cache), error=error.strerror)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


@contextmanager
def _progress(what: str, total_bytes: int) -> Iterator[Advance]:
    if not sys.stderr.isatty():
        log.info("weights_being_read", what=what, total_bytes=total_bytes)
        yield int  # a function without effect: progress is not shown
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total_bytes)
        yield lambda count: bar.advance(task, count)
