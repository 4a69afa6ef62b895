"""What a webhook is sent, and how one receiver keeps the others waiting: not."""

from __future__ import annotations

import json
from contextlib import ExitStack

import pytest

from runtime.settings import SettingsError, load
from schemas.events import WebhookRequested
from workers.analytics import call_webhooks
from workers.analytics.call_webhooks import (
    AWAY_AFTER_FAILURES,
    BUSY_S,
    MOST_DELIVERIES_PER_RECEIVER,
    REST_S,
    Receivers,
    body_of,
)
from workers.analytics.subscribers import RetryLater

URL = "https://app.example/aura?x=1"
SAME = "https://app.example/other"
OTHER = "https://other.example/aura"


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


def test_a_receiver_that_gives_no_answer_rests_and_others_do_not() -> None:
    receivers = Receivers()
    for _ in range(AWAY_AFTER_FAILURES - 1):
        receivers.note_result(URL, 10.0, answer=False)
    receivers.note_result(URL, 10.0, answer=True)  # it is slow now and then, and not away
    receivers.note_result(SAME, 10.0, answer=False)
    with receivers.delivering(URL, 10.0):
        pass
    for _ in range(AWAY_AFTER_FAILURES - 1):
        receivers.note_result(URL, 10.0, answer=False)
    with pytest.raises(RetryLater) as later, receivers.delivering(SAME, 12.0):
        pass
    assert later.value.delay_s == pytest.approx(REST_S - 2)
    with receivers.delivering(OTHER, 12.0), receivers.delivering(URL, 10.0 + REST_S):
        pass


def test_a_receiver_has_a_few_deliveries_at_once() -> None:
    receivers = Receivers()
    with ExitStack() as stack:
        for _ in range(MOST_DELIVERIES_PER_RECEIVER):
            stack.enter_context(receivers.delivering(URL, 0.0))
        with pytest.raises(RetryLater) as later, receivers.delivering(SAME, 0.0):
            pass
        assert later.value.delay_s == BUSY_S
        with receivers.delivering(OTHER, 0.0):
            pass
    with receivers.delivering(URL, 0.0):
        pass


def test_a_secret_that_is_none_is_told_at_the_start() -> None:
    with pytest.raises(SettingsError, match="AURA_WEBHOOK_SECRET"):
        call_webhooks.subscriber(load(_env_file=None, webhook_secret="whsec_short"))
