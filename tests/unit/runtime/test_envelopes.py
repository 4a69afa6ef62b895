"""What other systems are sent, against the words of the two standards."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

from runtime import envelopes
from schemas.events import TranscriptFinal

EVENT = TranscriptFinal(
    tenant="acme", session="s_1", at_ms=1_700_000_000_123, utterance=3, text="Grüße",
    confidence=0.5, audio_ms=900, took_ms=50.0, model="m",
)  # fmt: skip
KEY = b"0123456789abcdef0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


def test_the_standard_webhook_has_type_timestamp_and_data() -> None:
    body = json.loads(envelopes.standard(EVENT))
    assert set(body) == {"type", "timestamp", "data"}
    assert body["type"] == "transcript.final"
    assert body["timestamp"] == "2023-11-14T22:13:20.123Z"
    assert body["data"]["id"] == EVENT.id
    assert body["data"]["text"] == "Grüße"


def test_a_cloud_event_has_the_required_attributes() -> None:
    body = json.loads(envelopes.cloud_event(EVENT))
    assert body["specversion"] == "1.0"
    assert body["id"] == EVENT.id
    assert body["source"] == "/aura/acme/s_1"
    assert body["type"] == "aura.transcript.final"
    assert body["datacontenttype"] == "application/json"
    assert body["data"]["utterance"] == 3
    # attribute names are small letters and digits, at most 20 of them
    assert all(name.isalnum() and name == name.lower() and len(name) <= 20 for name in body)


def test_a_delivery_is_signed_as_the_receiver_will_check_it() -> None:
    body = envelopes.standard(EVENT)
    head = envelopes.signed(EVENT, body, envelopes.keys(SECRET), 1_700_000_001)
    content = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()
    assert head["webhook-signature"] == f"v1,{expected}"
    assert "." not in head["webhook-id"]


def test_two_secrets_sign_twice_while_one_is_replaced() -> None:
    other = "whsec_" + base64.b64encode(b"x" * 24).decode()
    head = envelopes.signed(EVENT, b"{}", envelopes.keys(f"{SECRET} {other}"), 1)
    assert len(head["webhook-signature"].split()) == 2


def test_the_known_answer_of_the_reference_library() -> None:
    """From the test of the Standard Webhooks libraries: same secret, id, time and body."""
    key = envelopes.keys("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")[0]
    content = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    mac = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    assert mac == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("bad", ["whsec_short", "whsec_!!!!", "whsec_" + "A" * 200])
def test_an_invalid_secret_is_refused_and_not_shown(bad: str) -> None:
    with pytest.raises(envelopes.SecretError) as refused:
        envelopes.keys(bad)
    assert bad not in str(refused.value)
