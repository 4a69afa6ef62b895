"""A client's audio at its connection, which converts what the protocol hands it, for tests."""

from __future__ import annotations

from collections.abc import Iterable

from edge.core.messages.client_commands import Audio, ClientCommand
from runtime.audio.conversion import AudioIn
from runtime.audio.wav import Format


class Listener:
    """Hears the samples among commands as a call would: s16le mono 16 kHz; no files."""

    def __init__(self) -> None:
        self._audio_in = AudioIn()

    def hear(self, commands: Iterable[ClientCommand]) -> bytes:
        return b"".join(
            self._audio_in.feed(one.data, one.form, begins=one.begins)
            for one in commands
            if isinstance(one, Audio) and isinstance(one.form, Format)
        )
