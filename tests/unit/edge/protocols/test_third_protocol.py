"""A third client protocol is one class: its token in the first message, audio in JSON, 24 kHz."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

from edge.core.messages.client_commands import Audio, Begin, ClientCommand, EndSession, Reply
from edge.core.messages.client_events import (
    CallerTranscript,
    ClientEvent,
    Interrupted,
    Notice,
    SessionClosed,
    SessionOpened,
    Speech,
    Trouble,
)
from edge.core.messages.inputs import Cancelled, Played, TurnEnded, Typed
from edge.protocols.client_protocol import (
    Admission,
    ClientProtocol,
    Handshake,
    Json,
    TokenPlace,
)
from edge.protocols.parsing import NotJsonError, from_base64, parse, to_base64, typed_text
from runtime.audio.conversion import AudioOut
from runtime.audio.wav import Format
from tests.unit.edge.protocols.connected import Listener

UNCLEAR = "not understood: "


class ToyProtocol(ClientProtocol):
    """JSON both ways, PCM as base64 at 24 kHz both ways, turns that the client may end itself."""

    name = "toy"
    admission = Admission(token=TokenPlace.FIRST_MESSAGE, limits_commands=True)
    audio_out_hz = 24_000

    def __init__(self, handshake: Handshake) -> None:
        self.connection = handshake.connection

    def first_message(self, raw: str | bytes) -> str:
        try:
            return str(parse(raw).get("token", "")) if isinstance(raw, str) else ""
        except NotJsonError:
            return ""

    def opened(self) -> list[ClientCommand]:
        return [Begin({"voice.delivery": "chunks"}, greeting=True)]

    def receive(self, raw: str | bytes, now_ms: int = 0) -> list[ClientCommand]:
        del now_ms
        try:
            message = parse(raw) if isinstance(raw, str) else {"type": ""}
            match message["type"]:
                case "audio":
                    return [Audio(from_base64(message.get("audio")), Format(rate_hz=24_000))]
                case "text":
                    return [Typed(typed_text(message))]
                case "commit":
                    return [TurnEnded()]
                case "cancel":
                    return [Cancelled()]
                case "played":
                    return [Played(int(message["turn"]), int(message["ms"]))]
                case "bye":
                    return [EndSession(close=True)]
        except (KeyError, TypeError, ValueError) as error:
            return [_error(str(error))]
        return [_error("an unknown type")]

    def messages(self, event: ClientEvent) -> list[Json]:
        match event:
            case SessionOpened(session=session, resumed=resumed):
                return [{"type": "hello", "session": session, "resumed": resumed}]
            case SessionClosed():
                return [{"type": "bye"}]
            case Speech(pcm=pcm, text=text):
                return [{"type": "audio", "audio": to_base64(pcm), "text": text}]
            case Interrupted():
                return [{"type": "clear"}]
            case CallerTranscript(text=text, final=True):
                return [{"type": "heard", "text": text}]
            case Trouble(stage=stage, reason=reason):
                return [_error(f"{stage}: {reason}").message]
            case Notice(code=code, message=message, details=details):
                return [{"type": "error", "code": code, "message": f"{message}: {details}"}]
            case _:
                return []


def _error(why: str) -> Reply:
    return Reply({"type": "error", "code": "bad_message", "message": f"{UNCLEAR}{why}"})


def connected() -> ClientProtocol:
    return ToyProtocol(Handshake(connection="conn_0"))


def audio(pcm: bytes) -> str:
    return json.dumps({"type": "audio", "audio": base64.b64encode(pcm).decode()})


def test_the_token_comes_in_the_first_message() -> None:
    d = connected()
    assert d.admission.token is TokenPlace.FIRST_MESSAGE
    assert d.first_message('{"type": "hello", "token": "let me in"}') == "let me in"
    for raw in ('{"type": "hello"}', "{", b"\0"):
        assert d.first_message(raw) == ""


def test_audio_in_json_is_heard_at_16_khz_whatever_the_pieces() -> None:
    d, listener = connected(), Listener()
    tone = (np.sin(2 * np.pi * 440 * np.arange(24_000) / 24_000) * 9000).astype("<i2").tobytes()
    sent = [tone[at : at + 999] for at in range(0, len(tone), 999)]
    heard = b"".join(listener.hear(d.receive(audio(piece))) for piece in sent)
    samples = np.frombuffer(heard, "<i2")
    assert len(samples) == pytest.approx(16_000, abs=500)
    peak_hz = np.abs(np.fft.rfft(samples)).argmax() * 16_000 / len(samples)
    assert peak_hz == pytest.approx(440, abs=2)


def test_a_response_goes_out_at_24_khz() -> None:
    d = connected()
    out, sent = AudioOut(d.audio_out_hz), b""
    for number in range(10):
        pcm = out.feed(bytes(32 * 64), more=number < 9)
        (message,) = d.messages(Speech(1, "", pcm, ends=number == 9))
        sent += base64.b64decode(message["audio"])
    assert len(sent) == 48 * 640


def test_inputs_of_the_call_are_passed_unchanged() -> None:
    d = connected()
    assert d.receive('{"type": "text", "text": "Hi."}') == [Typed("Hi.")]
    assert d.receive('{"type": "commit"}') == [TurnEnded()]
    assert d.receive('{"type": "cancel"}') == [Cancelled()]
    assert d.receive('{"type": "played", "turn": 1, "ms": 640}') == [Played(1, 640)]
    assert d.receive('{"type": "bye"}') == [EndSession(close=True)]


@pytest.mark.parametrize(
    "raw",
    [
        *("", "{", '{"type": "dance"}', b"\0", '{"type": "audio", "audio": 7}'),
        *('{"type": "text"}', '{"type": "played", "turn": 1}', '{"type": "played", "turn": []}'),
    ],
)
def test_errors_have_the_protocols_own_form(raw: str | bytes) -> None:
    (reply,) = connected().receive(raw)
    assert isinstance(reply, Reply)
    assert set(reply.message) == {"type", "code", "message"}
    assert reply.message["message"].removeprefix(UNCLEAR)
