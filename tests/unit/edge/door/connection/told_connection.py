"""A connection that keeps what its parts tell it."""

from __future__ import annotations

from edge.call.session_shell import SessionShell
from edge.core.call import Call
from edge.core.messages.client_commands import ClientCommand
from edge.door.audio.audio_intake import AudioIntake
from edge.protocols.client_protocol import Json
from tests.unit.edge.call.memory_bus import MemoryBus
from tests.unit.edge.call.told_client import ToldClient
from tests.unit.edge.core.rehearsal import began, config


class ToldConnection(ToldClient):
    """Keeps the exceptions also, and the commands of its client."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[Exception] = []
        self.obeyed: list[ClientCommand] = []
        self.given: list[ClientCommand] = []
        self.excess: list[str] = []
        self.intake: AudioIntake | None = None

    async def obey(self, commands: list[ClientCommand]) -> None:
        self.obeyed += commands

    def obey_now(self, command: ClientCommand) -> None:
        self.given.append(command)

    def reply(self, message: Json) -> None:
        self.noted.append(f"reply: {message}")

    def cut_off(self, why: str) -> None:
        self.noted.append(f"cut off: {why}")

    def over_budget(self, why: str) -> None:
        self.excess.append(why)

    def fail(self, error: Exception) -> None:
        self.faults.append(error)


class SoundShell(SessionShell):
    """A session's shell that keeps its caller's short audio, which no call hears."""

    def __init__(self) -> None:
        super().__init__(MemoryBus(), Call(began(config())), ToldClient())
        self.sound: list[bytes] = []

    def take_audio(self, pcm: bytes) -> None:
        self.sound.append(pcm)
