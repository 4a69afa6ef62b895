"""A voice is cut in two once, by a process of its own; what is kept of it may break."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import onnxruntime
import pytest

from runtime.settings import load
from workers.engines import weights
from workers.engines.tts import piper_streaming as vits
from workers.engines.tts.voice_parts import DIGESTS, PARTS, parts

pytestmark = pytest.mark.e2e

WARMED = """
import asyncio, sys
from runtime.settings import load
from workers.stage_builders import build
stage = build(load(_env_file=None, tts_engine="piper", cache_dir=sys.argv[1]), "tts").stage
asyncio.run(stage.warm())
print("onnxruntime" in sys.modules, "onnx" in sys.modules)
"""


@pytest.fixture(scope="module")
def model() -> Path:
    settings = load(_env_file=None)
    found = weights.find("en_US-joe-medium", settings.cache_dir)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def spoken(model: Path, cache: Path) -> type:
    return type(vits.opened(model, onnxruntime.SessionOptions(), cache=cache))


def test_a_worker_with_a_warm_voice_has_not_loaded_the_library_that_cuts(cache: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WARMED, str(cache)],
        capture_output=True,
        text=True,
        check=True,
        timeout=90,
    )
    assert done.stdout.split()[-2:] == ["True", "False"]


def test_a_voice_is_cut_once(model: Path, cache: Path) -> None:
    first = [(part, part.stat().st_ino) for part in parts(model, cache)]
    assert [part.name for part, _ in first] == list(PARTS)
    assert [(part, part.stat().st_ino) for part in parts(model, cache)] == first
    assert {path.name for path in first[0][0].parent.iterdir()} == {*PARTS, DIGESTS, "lock"}


@pytest.mark.parametrize(
    ("broken", "damage"),
    [
        (PARTS[0], lambda data: data[:-9] + bytes(9)),
        (PARTS[1], None),
        (DIGESTS, lambda data: data[: len(data) // 2]),
    ],
)
def test_what_is_broken_in_the_cache_is_made_anew(
    model: Path, cache: Path, broken: str, damage: object
) -> None:
    path = parts(model, cache)[0].with_name(broken)
    whole = path.read_bytes()
    if callable(damage):
        path.write_bytes(damage(whole))
    else:
        path.unlink()
    assert spoken(model, cache) is vits.Split
    assert path.read_bytes() == whole


def test_a_voice_speaks_in_one_piece_where_the_cache_cannot_be_written(
    model: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    assert spoken(model, tmp_path / "file") is vits.Whole


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (bad := tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(Exception, match=r"bad\.onnx"):
        spoken(bad, tmp_path)
