"""Whatever ends a call, the operator reads the cause and what to do next."""

from __future__ import annotations

import pytest

from aura.cli.calling.call_failures import ended, failure, refused
from aura.client import LOST, CallError

URL = "http://localhost:8000"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (1000, "elsewhere"),
        (1008, "--token"),
        (1011, "its log"),
        (1012, "restarting"),
        (1013, "in a while"),
        (4002, "aura workers"),
        (4000, "run `aura doctor` to see why"),
        (1002, "run `aura doctor` to see why"),
    ],
)
def test_a_close_is_told_by_its_code(code: int, says: str) -> None:
    assert says in ended(code)
    assert ended(code).endswith(f"(code {code})")


def test_a_connection_without_a_close_was_lost() -> None:
    assert "the connection was lost" in ended(None)
    assert ended(None) == ended(LOST)


def test_the_last_error_of_the_server_is_told_beside_the_code() -> None:
    assert ended(1011, "disk full").endswith("(code 1011, disk full)")


def test_a_refusal_by_http_is_told_with_its_wait() -> None:
    assert refused(URL, 429, "7") == f"{URL} is busy (HTTP 429): call again in 7 s"
    assert refused(URL, 503, None).endswith("call again in a few s")
    assert "AURA_ALLOWED_ORIGINS" in refused(URL, 403, None)
    assert "--url" in refused(URL, 404, None)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (CallError("REFUSED", "", code=503, retry_after_s="9"), "call again in 9 s"),
        (CallError("TOKEN", "the token is over", code=1008), "the token is over"),
        (CallError("TLS", "self-signed certificate"), "SSL_CERT_FILE"),
        (CallError("UNREACHABLE", "refused"), "aura up"),
        (CallError("CLOSED", "its reason", code=1011), "(code 1011, its reason)"),
    ],
)
def test_each_failure_of_a_call_has_its_advice(error: CallError, says: str) -> None:
    assert says in failure(error, URL)


def test_an_error_message_before_the_close_says_more_than_its_reason() -> None:
    closed = CallError("CLOSED", "its reason", code=1011)
    assert "(code 1011, STT failed)" in failure(closed, URL, "STT failed")
