"""The protocol between a SIP telephone line and its call: sound, keys, hang-up.

There are no JSON messages: the line hands over audio, and the words `KEY` and `BYE`. Aura's audio
goes to the line directly.
"""

from edge.core.messages.client_commands import Audio, Begin, ClientCommand, EndSession
from edge.core.messages.client_events import ClientEvent
from edge.core.messages.inputs import KeyPressed, Played
from edge.protocols.agent_options import agent_options
from edge.protocols.client_protocol import Admission, ClientProtocol, Handshake, Json
from runtime.audio.dtmf import KEYPAD_KEYS
from runtime.audio.g711 import LINE_HZ
from runtime.audio.wav import Format

SIP_FORMAT = Format(rate_hz=LINE_HZ)
"""The line decodes PCMU and PCMA."""
KEY, BYE = "key ", "bye"
"""Words from the line: KEY and the key, or BYE."""


class SipProtocol(ClientProtocol):
    """One telephone call."""

    name = "sip"
    admission = Admission()
    audio_out_hz = LINE_HZ

    def __init__(self, handshake: Handshake) -> None:
        """Take `agent`, `variables` and `dialled` (the called number) from the query."""
        self.connection = handshake.connection
        self._agent, _ = agent_options(handshake.query)  # a telephone cannot show errors
        self._dialled = handshake.query.get("dialled", "")

    # -------------------------------------------------------- from the line

    def opened(self) -> list[ClientCommand]:
        agent, changes = self._agent, {"voice.delivery": "chunks"}
        return [Begin(changes, True, agent.name, agent.variables, self._dialled)]

    def receive(self, raw: str | bytes, now_ms: int = 0) -> list[ClientCommand]:
        del now_ms
        if isinstance(raw, bytes):
            return [Audio(raw, SIP_FORMAT)]
        if raw == BYE:
            return [EndSession(close=True)]
        key = raw.removeprefix(KEY)
        return [KeyPressed(key)] if key in KEYPAD_KEYS else []

    def receive_audio(self, raw: str | bytes, now_ms: int = 0) -> list[ClientCommand] | None:
        del now_ms
        return [Audio(raw, SIP_FORMAT)] if isinstance(raw, bytes) else None

    def played(self, turn: int, played_ms: int, ends: bool) -> list[ClientCommand]:
        """Return the commands after part of a response was played over the line."""
        del ends
        return [Played(turn, played_ms)]

    # -------------------------------------------------------- to the line

    def messages(self, event: ClientEvent) -> list[Json]:
        """Return none: a telephone has no messages."""
        del event
        return []
