"""Twilio Media Streams: sound as mu-law, keys, and marks that say what was heard."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from edge.core.messages.client_commands import Audio, Begin, EndSession, PhoneTransfer
from edge.core.messages.client_events import (
    CallerTranscript,
    Interrupted,
    Notice,
    SessionClosed,
    SessionOpened,
    Speech,
    Trouble,
)
from edge.core.messages.inputs import KeyPressed, Played
from edge.protocols.client_protocol import ClientProtocol, Handshake, ProtocolSettings
from edge.protocols.twilio import MOST_MARKS, TwilioProtocol
from runtime.audio.conversion import AudioOut
from runtime.audio.g711 import LAWS
from tests.unit.edge.protocols.connected import Listener

STREAM = "MZ18ad3ab5a668481ce02b83e7395059f0"
FORMAT = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
KIND: type[ClientProtocol] = TwilioProtocol
"""Checked by mypy: the class is a client protocol."""


def said(event: str, **more: Any) -> str:
    return json.dumps({"event": event, "sequenceNumber": "4", "streamSid": STREAM, **more})


def start(**parameters: str) -> str:
    details = {
        "accountSid": "AC1",
        "streamSid": STREAM,
        "callSid": "CA1",
        "tracks": ["inbound"],
        "mediaFormat": FORMAT,
        "customParameters": parameters,
    }
    return said("start", start=details)


def media(data: bytes, timestamp: object = "0", track: str = "inbound") -> str:
    payload = base64.b64encode(data).decode()
    return said("media", media={"track": track, "timestamp": timestamp, "payload": payload})


def mark(name: str) -> str:
    return said("mark", mark={"name": name})


def key(digit: object) -> str:
    return said("dtmf", dtmf={"track": "inbound_track", "digit": digit})


def streaming(**parameters: str) -> ClientProtocol:
    p = KIND(Handshake(connection="conn_0"))
    assert p.first_message('{"event": "connected", "protocol": "Call"}') is None
    assert p.first_message(start(token="t", **parameters)) == "t"
    return p


def spoken(p: ClientProtocol, turn: int, ms: int) -> str:
    """Have a piece of *ms* sent, and return the name of the mark behind it."""
    _, behind = p.messages(Speech(turn, "", bytes(16 * ms), ends=False))
    return str(behind["mark"]["name"])


def test_the_token_is_a_parameter_of_the_second_message() -> None:
    p = streaming(agent="support", variables='{"plan": "gold"}')
    (begin,) = p.opened()
    assert isinstance(begin, Begin)
    assert begin.greeting
    assert (begin.agent, begin.variables) == ("support", {"plan": "gold"})


@pytest.mark.parametrize(
    "frame",
    [
        start(),
        said("start", start={"callSid": "CA1", "mediaFormat": {**FORMAT, "sampleRate": 16000}}),
        said("start", start={"mediaFormat": FORMAT, "customParameters": {"token": "t"}}),
        said("stop"),
        "{",
        b"\0",
    ],
)
def test_a_stream_without_a_token_or_of_another_format_has_none(frame: str | bytes) -> None:
    assert KIND(Handshake(connection="conn_0")).first_message(frame) == ""


def test_the_callers_mu_law_is_heard_at_16_khz() -> None:
    p, listener = streaming(), Listener()
    tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000) * 9000
    order = np.argsort(LAWS["mulaw"])
    data = order[np.searchsorted(LAWS["mulaw"][order], tone)].astype(np.uint8).tobytes()
    pieces = [(at, data[at : at + 160]) for at in range(0, 8000, 160)]
    heard = b"".join(listener.hear(p.receive(media(one, str(at // 8)))) for at, one in pieces)
    samples = np.frombuffer(heard, "<i2")
    assert len(samples) == pytest.approx(16_000, abs=500)
    peak_hz = np.abs(np.fft.rfft(samples)).argmax() * 16_000 / len(samples)
    assert peak_hz == pytest.approx(440, abs=2)


def test_a_lost_piece_is_the_one_before_it_once_more_and_then_silence() -> None:
    p = streaming()
    p.receive(media(bytes(160), "0"))
    for at, filled in (("40", bytes(160)), ("120", b"\x05" * 160 + b"\xff" * 320)):
        (audio,) = p.receive(media(b"\x05" * 160, at))
        assert isinstance(audio, Audio)
        assert audio.data == filled + b"\x05" * 160


def test_sound_that_was_lost_on_the_way_keeps_its_length() -> None:
    p = streaming()

    def sizes(*stamps: object) -> list[int]:
        commands = [p.receive(media(bytes(160), at)) for at in stamps]
        return [len(one.data) for (one,) in commands if isinstance(one, Audio)]

    assert sizes("0", "20", "100", "120") == [160, 160, 160 + 60 * 8, 160]
    assert sizes("20140", "x", "-1", "9" * 99) == [160] * 4  # a clock that jumped, and no clocks


def test_our_own_sound_is_not_heard() -> None:
    assert streaming().receive(media(bytes(160), track="outbound")) == []


def test_speech_goes_out_as_mu_law_with_a_mark_behind_it() -> None:
    p = streaming()
    out = AudioOut(p.audio_out_hz)
    tone = (np.sin(2 * np.pi * 300 * np.arange(16_000) / 16_000) * 9000).astype("<i2").tobytes()
    sent, behind = p.messages(Speech(1, "Hi.", out.feed(tone), ends=True))
    assert (sent["event"], sent["streamSid"]) == ("media", STREAM)
    levels = LAWS["mulaw"][np.frombuffer(base64.b64decode(sent["media"]["payload"]), np.uint8)]
    assert len(levels) == 8000
    assert np.abs(np.fft.rfft(levels)).argmax() == 300
    assert abs(np.abs(levels).max() - 9000) < 300
    assert (behind["event"], behind["streamSid"]) == ("mark", STREAM)


def test_a_mark_that_comes_back_says_how_much_was_heard() -> None:
    p = streaming()
    names = [spoken(p, 1, 60), spoken(p, 1, 60), spoken(p, 2, 40)]
    assert [p.receive(mark(name)) for name in names] == [
        [Played(1, 60)],
        [Played(1, 120)],
        [Played(2, 40)],
    ]
    assert p.receive(mark(names[0])) == []  # it came before
    assert p.receive(mark("of somebody else")) == []


def test_marks_that_come_back_after_a_clear_were_not_heard() -> None:
    p = streaming()
    first, second = spoken(p, 1, 500), spoken(p, 1, 500)
    p.receive(mark(first))
    (clear,) = p.messages(Interrupted(1, "so", played_ms=620))
    assert clear == {"event": "clear", "streamSid": STREAM}
    assert p.receive(mark(second)) == []


def test_a_response_that_goes_on_after_a_clear_is_counted_from_where_it_stopped() -> None:
    p = streaming()
    spoken(p, 1, 1000)
    p.messages(Interrupted(1, "so", played_ms=620))
    again = spoken(p, 1, 100)
    assert p.receive(mark(again)) == [Played(1, 720)]


def test_marks_that_never_come_back_are_bounded() -> None:
    p = streaming()
    names = [spoken(p, 1, 10) for _ in range(MOST_MARKS + 5)]
    assert p.receive(mark(names[4])) == []
    assert p.receive(mark(names[5])) == [Played(1, 60)]


def test_keys_are_pressed_one_by_one() -> None:
    p = streaming()
    assert [p.receive(key(digit)) for digit in "0#D"] == [[KeyPressed(d)] for d in "0#D"]
    for wrong in ("", "12", "e", 5, None):
        assert p.receive(key(wrong)) == []


def test_one_key_may_ask_for_a_person() -> None:
    p = KIND(Handshake("conn_0", settings=ProtocolSettings(transfer_key="0")))
    p.first_message(start(token="t"))
    assert p.receive(key("0")) == [PhoneTransfer("CA1", "0")]
    assert p.receive(key("1")) == [KeyPressed("1")]
    assert p.receive(key("")) == []


def test_the_end_of_the_stream_ends_the_call() -> None:
    assert streaming().receive(said("stop", stop={"callSid": "CA1"})) == [EndSession(close=True)]


def test_nothing_else_is_sent_for_twilio_ends_a_stream_that_it_does_not_understand() -> None:
    p = streaming()
    assert p.messages(SessionOpened("s_1")) == p.messages(SessionClosed()) == []
    assert p.messages(Speech(1, "", b"", ends=True)) == []
    assert p.messages(CallerTranscript("Hi.", final=True)) == []
    assert p.messages(Trouble("llm", "no")) == []
    assert p.messages(Notice("RATE_LIMITED", "Too many", "")) == []


def test_audio_of_the_line_is_known_before_other_messages() -> None:
    line = TwilioProtocol(Handshake("conn_0", {}))
    line.receive(start())
    (audio,) = line.receive_audio(media(b"\xff" * 160)) or []
    assert isinstance(audio, Audio)
    assert line.receive_audio(key("5")) is None
    assert line.receive_audio(media(b"\xff" * 160, track="outbound")) is None
    broken = said("media", media={"track": "inbound", "timestamp": "0", "payload": "!"})
    assert line.receive_audio(broken) == []


def test_without_its_audio_nothing_is_left_of_a_piece_but_its_mark() -> None:
    p = streaming()
    audio, behind = p.messages(Speech(1, "", bytes(160), ends=False))
    assert p.without_audio(audio) is None
    assert p.without_audio(behind) is behind
