"""What runs here, and how to add to it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from runtime.process.version import installing, version


@pytest.fixture(autouse=True)
def _not_remembered() -> Iterator[None]:
    version.cache_clear()
    installing.cache_clear()
    yield
    version.cache_clear()
    installing.cache_clear()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages, of which Aura is the only one."""

    def found(name: str) -> Any:
        for distribution in metadata.distributions(path=[str(tmp_path)]):
            if distribution.metadata["Name"] == name:
                return distribution
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", found)
    monkeypatch.setattr(metadata, "version", lambda name: found(name).version)
    return tmp_path


def install(folder: Path, url: str | None) -> None:
    own = folder / "aura_voice-1.2.3.dist-info"
    own.mkdir()
    (own / "METADATA").write_text("Metadata-Version: 2.1\nName: aura-voice\nVersion: 1.2.3\n")
    if url is not None:
        (own / "direct_url.json").write_text(json.dumps({"url": url}))


def test_the_version_is_that_of_the_installed_package(installed: Path) -> None:
    install(installed, None)
    assert version() == "1.2.3"


def test_a_checkout_that_is_not_installed_has_a_version_too(installed: Path) -> None:
    assert not list(installed.iterdir())
    assert version() == "0.0.0"
    assert installing("llm") == f"{sys.executable} -m pip install '.[llm]'"


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("file:///home/ann/my%20aura", "/home/ann/my aura"),
        ("https://example.com/aura.zip", "."),
        (None, "."),
    ],
)
def test_an_extra_comes_from_where_aura_came_from(
    installed: Path, url: str | None, source: str
) -> None:
    install(installed, url)
    assert installing("llm") == f"{sys.executable} -m pip install '{source}[llm]'"
