"""Commands that only talk to the bus start without aiohttp, unless the bus needs it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from aura.cli.fast_start import without_aiohttp


@pytest.fixture(autouse=True)
def _not_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delitem(sys.modules, "aiohttp", raising=False)
    monkeypatch.delenv("NATS_URL", raising=False)
    monkeypatch.chdir(tmp_path)


def test_aiohttp_is_not_imported_meanwhile_and_can_be_afterwards() -> None:
    with without_aiohttp():
        with pytest.raises(ImportError):
            importlib.import_module("aiohttp")
        assert sys.modules["aiohttp"] is None
    assert "aiohttp" not in sys.modules


def test_what_is_loaded_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = sys
    monkeypatch.setitem(sys.modules, "aiohttp", loaded)
    with without_aiohttp():
        assert sys.modules["aiohttp"] is loaded
    assert sys.modules["aiohttp"] is loaded


@pytest.mark.parametrize("url", ["ws://localhost:8080", "wss://bus.example.com"])
def test_a_bus_over_websockets_needs_it(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("NATS_URL", url)
    with without_aiohttp():
        assert "aiohttp" not in sys.modules


def test_the_address_may_be_in_the_file_of_settings(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("NATS_URL=ws://localhost:8080\n")
    with without_aiohttp():
        assert "aiohttp" not in sys.modules
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    with without_aiohttp():
        assert sys.modules["aiohttp"] is None


def test_a_command_that_fails_restores_it_too() -> None:
    with pytest.raises(KeyError), without_aiohttp():
        raise KeyError
    assert "aiohttp" not in sys.modules
