"""The session of a client secret is read from the secret; anything else is no session."""

import base64
import json
from typing import Any

import jwt
import pytest

from edge.protocols.realtime.client_secret import KEY_PREFIX, SESSION_CLAIM, claimed_session

KEY = "k" * 32


def secret(claims: dict[str, Any]) -> str:
    return KEY_PREFIX + jwt.encode(claims, KEY, "HS256")


def test_the_session_in_a_secret_is_returned() -> None:
    session = {"instructions": "Say ÿ and ~~~?>", "tools": []}
    assert claimed_session(secret({SESSION_CLAIM: session})) == session


@pytest.mark.parametrize(
    "token",
    [
        "",
        KEY_PREFIX,
        secret({}),
        secret({SESSION_CLAIM: "text"}),
        secret({SESSION_CLAIM: {"a": 1}}).removeprefix(KEY_PREFIX),
        f"{KEY_PREFIX}a.%%%.c",
        f"{KEY_PREFIX}a.{base64.urlsafe_b64encode(b'[' * 50_000).decode()}.c",
        f"{KEY_PREFIX}a.{base64.urlsafe_b64encode(json.dumps([1]).encode()).decode()}.c",
    ],
)
def test_without_a_session_nothing_is_claimed(token: str) -> None:
    assert claimed_session(token) == {}
