"""Messages of Twilio, as its documents have them; any other frame is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.protocols.twilio_messages import (
    AnyMessage,
    Clear,
    Connected,
    Dtmf,
    DtmfDetails,
    Mark,
    MarkDetails,
    Media,
    MediaDetails,
    MediaFormat,
    Start,
    StartDetails,
    Stop,
    read,
)

FORMAT = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
DETAILS = {
    "accountSid": "AC1",
    "streamSid": "MZ1",
    "callSid": "CA1",
    "tracks": ["inbound"],
    "mediaFormat": FORMAT,
    "customParameters": {"token": "t"},
}


def start(**changes: Any) -> dict[str, Any]:
    return {"event": "start", "streamSid": "MZ1", "start": {**DETAILS, **changes}}


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({"event": "connected", "protocol": "Call", "version": "1.0.0"}, Connected()),
        (
            start(),
            Start(
                "MZ1", StartDetails("CA1", MediaFormat("audio/x-mulaw", 8000, 1), {"token": "t"})
            ),
        ),
        (
            {
                "event": "media",
                "sequenceNumber": "3",
                "streamSid": "MZ1",
                "media": {"track": "inbound", "chunk": "1", "timestamp": "5", "payload": "AA=="},
            },
            Media(MediaDetails("AA==", "inbound", "5")),
        ),
        ({"event": "media", "media": {"payload": ""}}, Media(MediaDetails(""))),
        (
            {"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": "1"}},
            Dtmf(DtmfDetails("1")),
        ),
        ({"event": "mark", "mark": {"name": "3"}}, Mark(MarkDetails("3"))),
        ({"event": "stop", "stop": {"accountSid": "AC1", "callSid": "CA1"}}, Stop()),
    ],
)
def test_a_documented_message_is_read(sent: dict[str, Any], found: AnyMessage) -> None:
    assert read(json.dumps(sent)) == found


def test_a_start_without_parameters_has_none() -> None:
    details = {name: value for name, value in DETAILS.items() if name != "customParameters"}
    found = read(json.dumps({"event": "start", "streamSid": "MZ1", "start": details}))
    assert isinstance(found, Start)
    assert found.start.custom_parameters == {}


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"event": "other"},
        {"event": ["start"]},
        start(callSid=""),
        start(callSid="x" * 65),
        start(callSid=7),
        start(mediaFormat={**FORMAT, "sampleRate": "8000"}),
        start(mediaFormat=None),
        start(customParameters={"token": 7}),
        {**start(), "streamSid": ""},
        {"event": "media"},
        {"event": "media", "media": {"payload": None}},
        {"event": "media", "media": {"payload": "", "timestamp": 5}},
        {"event": "dtmf", "dtmf": {"digit": 1}},
        {"event": "mark", "mark": {}},
    ],
)
def test_a_message_in_another_form_is_none(sent: dict[str, Any]) -> None:
    assert read(json.dumps(sent)) is None


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "null",
        "[]",
        "no JSON",
        '{"event": "stop"',
        '{"event": "stop"} more',
        "[" * 100_000,
        '{"event": "stop", "x": "\ud800"}',
        json.dumps({"event": "stop"}).encode(),
    ],
)
def test_a_frame_without_a_message_is_none(frame: str | bytes) -> None:
    assert read(frame) is None


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_no_frame_breaks_it(frame: str | bytes) -> None:
    assert read(frame) is None


def test_a_message_to_twilio_has_its_names() -> None:
    assert Clear("MZ1").as_json() == {"event": "clear", "streamSid": "MZ1"}
