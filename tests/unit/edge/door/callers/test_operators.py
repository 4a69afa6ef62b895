"""Who may see and command running calls."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest

from edge.door.callers.auth import TokenPolicy
from edge.door.callers.operators import PLACE, READ, WRITE, Operator, Operators
from runtime.settings import SettingsError
from tests.unit.settings import defaults_but

SECRET = "a secret of thirty-two bytes or more"
TOKEN = "an operator's token, 32 characters"


def operators(**settings: Any) -> Operators:
    found = defaults_but(jwt_secret=SECRET, **settings)
    return Operators.of(found, TokenPolicy.of(found))


def signed(**claims: Any) -> str:
    said = {"exp": int(time.time()) + 600, "sub": "sam", "tenant": "acme", **claims}
    return jwt.encode(said, SECRET, "HS256")


async def test_the_operators_token_is_for_all_tenants() -> None:
    who = await operators(operator_token=TOKEN).identify(TOKEN)
    assert who == Operator("operator", "", frozenset({READ, WRITE, PLACE}))
    assert all(map(who.may, (READ, WRITE, PLACE)))


@pytest.mark.parametrize("token", ["", "x", TOKEN + "x", TOKEN[:-1], "\udcff", "demo_token "])
async def test_any_other_token_identifies_no_operator(token: str) -> None:
    assert await operators(operator_token=TOKEN).identify(token) is None
    assert await operators().identify(token) is None


@pytest.mark.parametrize(
    ("scope", "reads", "writes", "places"),
    [
        ("", False, False, False),
        ("openid calls", False, False, False),
        ("calls:read", True, False, False),
        ("openid calls:write", True, True, False),
        ("calls:place", False, False, True),
        (["calls:write"], False, False, False),  # RFC 8693: a string
        (None, False, False, False),
    ],
)
async def test_a_jwt_has_the_rights_of_its_scope_in_its_tenant(
    scope: Any, reads: bool, writes: bool, places: bool
) -> None:
    who = await operators().identify(signed(scope=scope))
    assert who
    assert (who.name, who.tenant) == ("sam", "acme")
    assert [who.may(one) for one in (READ, WRITE, PLACE)] == [reads, writes, places]


async def test_a_guessed_or_expired_token_has_none() -> None:
    assert await operators().identify(signed(scope="calls:write", exp=1)) is None
    other = jwt.encode(
        {"sub": "sam", "exp": int(time.time()) + 600, "scope": "calls:write"}, "x" * 32
    )
    assert await operators().identify(other) is None


def test_a_token_that_can_be_guessed_is_refused_at_the_start() -> None:
    with pytest.raises(SettingsError, match="AURA_OPERATOR_TOKEN"):
        operators(operator_token="short")
