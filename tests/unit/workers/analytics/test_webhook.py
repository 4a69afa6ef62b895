"""What the webhook makes of its settings and of a receiver's answers."""

from __future__ import annotations

import base64

import pytest
import structlog

from runtime.settings import SettingsError, load
from workers.analytics import webhook

SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("30", 30), ("", 0), ("²", 0), ("٣", 0), ("-1", 0), ("1e9", 0), ("9" * 400, 0), ("soon", 0)],
)
def test_any_retry_after_header_is_handled(said: str, seconds: float) -> None:
    assert webhook.retry_after_s(said) == seconds


@pytest.mark.parametrize("url", ["", "crm.example", "ftp://crm.example", "http://", "http://["])
def test_a_url_that_is_no_address_is_refused(url: str) -> None:
    settings = load(_env_file=None, webhook_url=url, webhook_secret=SECRET)
    with pytest.raises(SettingsError, match="AURA_WEBHOOK_URL"):
        webhook.subscribers(settings)


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://crm.example/hooks", True),
        ("https://crm.example/hooks", False),
        ("http://127.0.0.1:9000/hooks", False),
    ],
)
def test_words_that_would_leave_in_clear_are_warned_of(url: str, *, warned: bool) -> None:
    settings = load(_env_file=None, webhook_url=url, webhook_secret=SECRET)
    with structlog.testing.capture_logs() as logs:
        webhook.subscribers(settings)
    assert [line["event"] for line in logs] == ["webhook_in_clear"] * warned
