"""Sound that is read before all other messages is read as it would be among them."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.messages.client_commands import Audio, Reply
from edge.protocols.client_protocol import ClientProtocol, Handshake
from edge.protocols.continuous import ContinuousProtocol
from edge.protocols.conversational import ConversationalProtocol
from edge.protocols.realtime.protocol import RealtimeProtocol
from edge.protocols.sip import SipProtocol
from edge.protocols.twilio import TwilioProtocol

KINDS: list[type[ClientProtocol]] = [
    ContinuousProtocol,
    ConversationalProtocol,
    RealtimeProtocol,
    SipProtocol,
    TwilioProtocol,
]
PCM = bytes(range(240)) * 4
BASE64 = base64.b64encode(PCM).decode()
APPEND = {"type": "input_audio_buffer.append", "audio": BASE64}
MEDIA = {"event": "media", "media": {"payload": BASE64, "timestamp": "20", "track": "inbound"}}
WORDS = st.sampled_from(["type", "event", "audio", "media", "payload", BASE64, *APPEND.values()])
MESSAGES = st.one_of(
    st.binary(max_size=64),
    st.text(max_size=64),
    st.recursive(
        st.none() | st.integers() | WORDS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    ).map(json.dumps),
    st.sampled_from([json.dumps(APPEND), json.dumps(MEDIA)]),
)


def two(kind: type[ClientProtocol], *, has_tracks: bool = False) -> list[ClientProtocol]:
    return [kind(Handshake("conn_1", nonce="n", has_tracks=has_tracks)) for _ in range(2)]


@pytest.mark.parametrize("kind", KINDS)
@given(messages=st.lists(MESSAGES, max_size=8), has_tracks=st.booleans())
def test_sound_returns_the_same_commands_as_receive(
    kind: type[ClientProtocol], messages: list[str | bytes], has_tracks: bool
) -> None:
    direct, usual = two(kind, has_tracks=has_tracks)
    for message in messages:
        got = direct.receive_audio(message, 1000)
        expected = usual.receive(message, 1000)
        if got is None:
            got = direct.receive(message, 1000)
        assert got == expected


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (ContinuousProtocol, PCM),
        (SipProtocol, PCM),
        (TwilioProtocol, json.dumps(MEDIA)),
        (RealtimeProtocol, json.dumps(APPEND)),
        (RealtimeProtocol, json.dumps({"event_id": "e1", **dict(reversed(APPEND.items()))})),
    ],
)
def test_audio_of_stock_clients_takes_the_fast_path(
    kind: type[ClientProtocol], message: str | bytes
) -> None:
    protocol = kind(Handshake("conn_1"))
    got = protocol.receive_audio(message)
    assert got is not None
    (audio,) = got
    assert isinstance(audio, Audio)
    assert audio.data == PCM


@pytest.mark.parametrize(
    "audio",
    [BASE64.rstrip("="), "-_-_", f"data:audio/pcm;base64,{BASE64}", "AA\nAA", "AA*A", 5, None],
)
def test_base64_of_another_form_is_read_among_the_messages(audio: object) -> None:
    event = json.dumps({"type": "input_audio_buffer.append", "audio": audio})
    direct, usual = two(RealtimeProtocol)
    assert (direct.receive_audio(event) or direct.receive(event)) == usual.receive(event)


def test_an_append_has_no_place_beside_tracks() -> None:
    protocol = RealtimeProtocol(Handshake("conn_1", has_tracks=True))
    assert protocol.receive_audio(json.dumps(APPEND)) is None
    (refused,) = protocol.receive(json.dumps(APPEND))
    assert isinstance(refused, Reply)
