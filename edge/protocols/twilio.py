"""The protocol of `/twilio/media`: Twilio Media Streams, mu-law 8 kHz both ways, marks and keys.

A mark follows each piece of speech. Twilio returns it once all audio before it was played, which
tells how much of a response was heard. Twilio also returns the marks of audio that a `clear`
dropped: these are forgotten at the clear.

Twilio's protocol has no error messages, so invalid messages are ignored.
"""

from edge.core.messages.client_commands import (
    Audio,
    Begin,
    ClientCommand,
    EndSession,
    PhoneTransfer,
)
from edge.core.messages.client_events import ClientEvent, Interrupted, Speech, Tones
from edge.core.messages.inputs import KeyPressed, Played
from edge.protocols.agent_options import RequestedAgent, agent_options
from edge.protocols.client_protocol import (
    Admission,
    ClientProtocol,
    Handshake,
    Json,
    TokenPlace,
)
from edge.protocols.parsing import from_base64, to_base64
from edge.protocols.twilio_messages import (
    Clear,
    Connected,
    Dtmf,
    Mark,
    MarkDetails,
    Media,
    MediaDetails,
    MediaFormat,
    PlayMedia,
    SetMark,
    SpokenAudio,
    Start,
    Stop,
    read,
)
from runtime.audio.dtmf import KEYPAD_KEYS, tones
from runtime.audio.g711 import LINE_HZ, encode
from runtime.audio.gaps import GapFiller, filled_ms
from runtime.audio.wav import Format

MULAW_BYTES_PER_MS = LINE_HZ // 1000
TWILIO_FORMAT = Format(rate_hz=LINE_HZ, width=1, encoding="mulaw")
SPOKEN = MediaFormat(encoding="audio/x-mulaw", sample_rate=LINE_HZ, channels=1)
"""The one format that Twilio documents."""
MULAW_SILENCE = b"\xff"
MOST_MARKS = 512
"""The most pending marks; of a client that returns none, only the latest are kept."""


class TwilioProtocol(ClientProtocol):
    """One connection to `/twilio/media`."""

    name = "twilio"
    admission = Admission(token=TokenPlace.FIRST_MESSAGE)
    audio_out_hz = LINE_HZ

    def __init__(self, handshake: Handshake) -> None:
        self.connection = handshake.connection
        self._transfer_key = handshake.settings.transfer_key
        self._stream = self.telephone_call = ""
        self._agent = RequestedAgent()
        self._due_ms: int | None = None
        """The start of the next piece of audio, by Twilio's clock."""
        self._gaps = GapFiller(MULAW_BYTES_PER_MS, MULAW_SILENCE)
        self._turn = 0
        self._sent_bytes = 0
        """The audio sent of the response to that turn, bytes of mu-law."""
        self._number = 0
        """The number of the last mark."""
        self._marks: dict[str, Played] = {}
        """The pending marks in order, each with the command that follows when it returns."""

    def first_message(self, raw: str | bytes) -> str | None:
        """Return the token among the `<Parameter>`s, which come with the second message."""
        match read(raw):
            case Connected():
                return None
            case Start(stream_sid=stream, start=details) if details.media_format == SPOKEN:
                parameters = details.custom_parameters
                self._stream, self.telephone_call = stream, details.call_sid
                self._agent, _ = agent_options(parameters)  # Twilio takes no errors
                return parameters.get("token", "")
            case _:
                return ""

    # -------------------------------------------------------- from the client

    def opened(self) -> list[ClientCommand]:
        agent = self._agent
        return [Begin({"voice.delivery": "chunks"}, True, agent.name, agent.variables)]

    def receive(self, raw: str | bytes, now_ms: int = 0) -> list[ClientCommand]:
        del now_ms  # Twilio's time stamps are better
        match read(raw):
            case Media(details) if details.track == "inbound":
                return self._sound(details)
            case Mark(details):
                return self._returned(details.name)
            case Dtmf(details) if self._transfer_key and details.digit == self._transfer_key:
                return [PhoneTransfer(self.telephone_call, details.digit)]
            case Dtmf(details) if details.digit in KEYPAD_KEYS:
                return [KeyPressed(details.digit)]
            case Stop():
                return [EndSession(close=True)]
            case _:
                return []

    def receive_audio(self, raw: str | bytes, now_ms: int = 0) -> list[ClientCommand] | None:
        del now_ms
        match read(raw):
            case Media(details) if details.track == "inbound":
                return self._sound(details)
            case _:
                return None

    def _sound(self, details: MediaDetails) -> list[ClientCommand]:
        try:
            data = from_base64(details.payload)
        except ValueError:
            return []
        gap_ms = self._gap_ms(details.timestamp, len(data) // MULAW_BYTES_PER_MS)
        return [Audio(self._gaps.fill(data, gap_ms, lost=True), TWILIO_FORMAT)] if data else []

    def _gap_ms(self, timestamp: str, length_ms: int) -> int:
        """Return the missing audio, ms, before a piece of *length_ms* at that time."""
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
            return 0
        at_ms, due_ms = int(timestamp), self._due_ms
        self._due_ms = at_ms + length_ms
        return filled_ms(at_ms - due_ms) if due_ms is not None else 0

    def _returned(self, name: str) -> list[ClientCommand]:
        if name not in self._marks:
            return []
        played = self._marks[name]
        for before in list(self._marks):  # a mark that returns confirms all before it
            del self._marks[before]
            if before == name:
                break
        return [played]

    # -------------------------------------------------------- to the client

    def messages(self, event: ClientEvent) -> list[Json]:
        match event:
            case Speech(pcm=pcm) if pcm:
                return self._spoken(event)
            case Interrupted(turn=turn, played_ms=played_ms):
                self._marks.clear()
                self._turn, self._sent_bytes = turn, played_ms * MULAW_BYTES_PER_MS
                return [Clear(self._stream).as_json()]
            case Tones(keys=keys):
                return [self._media(encode(tones(keys, LINE_HZ), "mulaw"))]
            case _:
                return []

    def without_audio(self, message: Json) -> Json | None:
        return None if message["event"] == "media" else message

    def _spoken(self, speech: Speech) -> list[Json]:
        if speech.turn != self._turn:
            self._turn, self._sent_bytes = speech.turn, 0
        data = encode(speech.pcm, "mulaw")
        self._sent_bytes += len(data)
        self._number += 1
        name = f"{speech.turn}.{self._number}"
        if len(self._marks) >= MOST_MARKS:
            del self._marks[next(iter(self._marks))]
        self._marks[name] = Played(speech.turn, self._sent_bytes // MULAW_BYTES_PER_MS)
        return [self._media(data), SetMark(self._stream, MarkDetails(name)).as_json()]

    def _media(self, data: bytes) -> Json:
        return PlayMedia(self._stream, SpokenAudio(to_base64(data))).as_json()
