"""A session's file is stored under its own id, once, and a file that is none is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from aura.cli.export import export
from aura.cli.import_session import bring_in
from aura.cli.running import CommandError
from runtime.bus.connection import Bus
from runtime.bus.reader import Stored
from runtime.sessions import transfer
from runtime.sessions.file import MOST_MESSAGE_BYTES, SessionFile, pack
from runtime.settings import Settings
from schemas import codec, subjects
from schemas.events import SessionStarted
from schemas.session_config import SessionConfig

STARTED = SessionStarted(
    tenant="t",
    session="s_1",
    at_ms=1_700_000_000_000,
    user="u",
    protocol="continuous",
    edge="e",
    config=SessionConfig(),
)


async def test_an_exported_session_comes_back_as_it_was(
    bus: Bus, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await bus.publish(STARTED)
    file = tmp_path / "call.aura"
    assert await export(settings, "s_1", out=file, wav=None, audio=True) == 0
    with pytest.raises(CommandError, match="recorded already; to replace it: aura forget s_1"):
        await bring_in(settings, file)
    await transfer.forget(bus, [("t", "s_1")])
    assert await bus.session_events("s_1") == []
    assert await bring_in(settings, file) == 0
    assert "s_1: 1 messages imported. Next: aura show s_1" in capsys.readouterr().out
    (back,) = await bus.session_events("s_1")
    assert back.event() == STARTED


async def test_a_message_that_is_too_large_for_the_bus_is_named_and_what_was_stored_is_told(
    bus: Bus, settings: Settings, tmp_path: Path
) -> None:
    sizes = {1: codec.encode(STARTED), 2: bytes(MOST_MESSAGE_BYTES)}
    stored = [
        Stored(subjects.session_events("t", "s_1", "life"), seq, data, {}, "")
        for seq, data in sizes.items()
    ]
    file = tmp_path / "call.aura"
    file.write_bytes(pack(SessionFile("t", "s_1", stored)))
    with pytest.raises(CommandError, match=r"in part: 1048576 bytes in a message.*aura forget s_1"):
        await bring_in(settings, file)
    assert [one.event() for one in await bus.session_events("s_1")] == [STARTED]


async def test_a_file_that_is_no_session_is_refused_before_the_bus_is_asked(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "call.aura"
    with pytest.raises(CommandError, match="No such file"):
        await bring_in(settings, file)
    file.write_bytes(b"RIFF")
    with pytest.raises(CommandError, match="cannot be imported"):
        await bring_in(settings, file)
