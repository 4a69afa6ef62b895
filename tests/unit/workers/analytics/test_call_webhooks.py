"""What a webhook is sent."""

from __future__ import annotations

import json

import pytest

from runtime.settings import SettingsError, load
from schemas.events import WebhookRequested
from workers.analytics import call_webhooks
from workers.analytics.call_webhooks import body_of

URL = "https://app.example/aura?x=1"


def test_a_message_says_whose_it_is_and_what_happened() -> None:
    event = WebhookRequested(
        tenant="acme",
        session="s_1",
        at_ms=1_700_000_000_123,
        number=3,
        url=URL,
        moment="call.turn",
        data={"turn": 1, "caller": "Hello."},
    )
    assert json.loads(body_of(event)) == {
        "type": "call.turn",
        "timestamp": "2023-11-14T22:13:20.123Z",
        "data": {
            "session": "s_1",
            "tenant": "acme",
            "number": 3,
            "turn": 1,
            "caller": "Hello.",
        },
    }


def test_a_secret_that_is_none_is_told_at_the_start() -> None:
    with pytest.raises(SettingsError, match="AURA_WEBHOOK_SECRET"):
        call_webhooks.subscriber(load(_env_file=None, webhook_secret="whsec_short"))
