"""The keys of an identity provider behind a URL: fetched, kept, rotated, away."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from edge.door.callers.auth import Caller, TokenPolicy
from edge.door.callers.jwks import AGAIN_S, JWKS_MOST_AGE_S, RENEWED_S, RemoteKeys
from runtime.tasks import scoped_task
from tests.ports import free_ports


def claims(user: str) -> dict[str, Any]:
    return {"exp": int(time.time()) + 600, "sub": user}


class Provider:
    """An identity provider with keys by their ids."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/jwks"
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.names_keys = True
        """Whether the set and the tokens name their keys (`kid`)."""
        self.asked = 0
        self.status = 200
        self.now = 1000.0
        self.answers = asyncio.Event()
        """Set: it answers; else it hangs."""
        self.answers.set()

    def rotate(self, kid: str, bits: int = 2048) -> None:
        self.keys = {kid: rsa.generate_private_key(65537, bits)}

    def signed(self, kid: str) -> str:
        head = {"kid": kid} if self.names_keys else {}
        return jwt.encode(claims("ada"), self.keys[kid], "RS256", headers=head)

    def policy(self) -> TokenPolicy:
        return TokenPolicy("", (), RemoteKeys(self.url, clock=lambda: self.now))

    async def serve(self, _: web.Request) -> web.Response:
        self.asked += 1
        await self.answers.wait()
        keys = [
            {
                **json.loads(jwt.get_algorithm_by_name("RS256").to_jwk(one.public_key())),
                **({"kid": kid} if self.names_keys else {}),
            }
            for kid, one in self.keys.items()
        ]
        return web.json_response({"keys": keys}, status=self.status)


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    found = Provider(port := free_ports())
    app = web.Application()
    app.router.add_get("/jwks", found.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    found.rotate("1")
    yield found
    await runner.cleanup()


ADA = Caller("ada", "default")


async def test_keys_are_fetched_once_and_again_when_they_rotate(provider: Provider) -> None:
    policy = provider.policy()
    before = provider.signed("1")
    for _ in range(3):
        assert await policy.identify(before) == ADA
    assert provider.asked == 1
    provider.rotate("2")
    provider.now += AGAIN_S
    assert await policy.identify(provider.signed("2")) == ADA
    assert await policy.identify(before) is None, "its key was withdrawn"


async def test_keys_without_ids_rotate_too(provider: Provider) -> None:
    provider.names_keys = False
    policy = provider.policy()
    before = provider.signed("1")
    assert await policy.identify(before) == ADA
    provider.rotate("2")
    provider.now += AGAIN_S
    assert await policy.identify(provider.signed("2")) == ADA
    assert await policy.identify(before) is None, "its key was withdrawn"


async def test_a_key_that_changes_under_its_id_is_fetched(provider: Provider) -> None:
    policy = provider.policy()
    assert await policy.identify(provider.signed("1")) == ADA
    provider.rotate("1")
    provider.now += AGAIN_S
    assert await policy.identify(provider.signed("1")) == ADA
    assert provider.asked == 2


@pytest.mark.parametrize("names_keys", [True, False])
async def test_made_up_keys_have_the_provider_asked_every_half_minute_at_most(
    provider: Provider, *, names_keys: bool
) -> None:
    provider.names_keys = names_keys
    policy = provider.policy()
    assert await policy.identify(provider.signed("1")) == ADA
    liar = rsa.generate_private_key(65537, 2048)

    def lie(number: int) -> str:
        head = {"kid": f"liar{number}"} if names_keys else {}
        return jwt.encode(claims("eve"), liar, "RS256", headers=head)

    for number in range(20):
        provider.now += 1
        assert await policy.identify(lie(number)) is None
    assert provider.asked == 1
    provider.now += AGAIN_S
    assert await policy.identify(lie(20)) is None
    assert provider.asked == 2


async def test_the_provider_is_not_asked_for_tokens_of_other_keys(provider: Provider) -> None:
    own = rsa.generate_private_key(65537, 2048)
    policy = replace(provider.policy(), own_keys=((own.public_key(), ("RS256",)),))
    assert await policy.identify(provider.signed("1")) == ADA
    provider.now += AGAIN_S
    assert await policy.identify(jwt.encode(claims("ada"), own, "RS256")) == ADA
    for token in ("demo_token", "", jwt.encode(claims("eve"), "s" * 32, "HS256")):
        assert await policy.identify(token) is None
    assert provider.asked == 1


@pytest.mark.parametrize("algorithm", [[], {}, ["RS256"], 7, None])
async def test_an_algorithm_that_is_no_text_is_refused(provider: Provider, algorithm: Any) -> None:
    policy = provider.policy()
    assert await policy.identify(provider.signed("1")) == ADA
    head, _, rest = provider.signed("1").partition(".")
    fields = {**json.loads(base64.urlsafe_b64decode(head + "==")), "alg": algorithm}
    head = base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")
    assert await policy.identify(f"{head}.{rest}") is None


async def test_a_withdrawn_key_ends_within_the_hour(provider: Provider) -> None:
    policy = provider.policy()
    token = provider.signed("1")
    assert await policy.identify(token) == ADA
    provider.rotate("2")
    provider.now += JWKS_MOST_AGE_S
    assert await policy.identify(token) is None


@pytest.mark.parametrize("status", [404, 500, 302])
async def test_a_provider_that_is_away_costs_nobody_whose_key_is_known(
    provider: Provider, status: int
) -> None:
    policy = provider.policy()
    token = provider.signed("1")
    assert await policy.identify(token) == ADA
    provider.status = status
    provider.now += JWKS_MOST_AGE_S
    assert await policy.identify(token) == ADA


async def test_a_provider_that_hangs_delays_nobody_whose_key_is_known(provider: Provider) -> None:
    policy = provider.policy()
    assert policy.remote
    token = provider.signed("1")
    assert await policy.identify(token) == ADA
    provider.answers.clear()
    provider.now += JWKS_MOST_AGE_S
    async with scoped_task(policy.remote.keep_fresh()), asyncio.timeout(20):
        while provider.asked < 2:
            await asyncio.sleep(0.01)
        for _ in range(3):
            assert await policy.identify(token) == ADA
    assert provider.asked == 2
    provider.answers.set()


async def test_a_set_is_renewed_before_anybody_waits_for_it(provider: Provider) -> None:
    policy = provider.policy()
    assert policy.remote
    token = provider.signed("1")
    assert await policy.identify(token) == ADA
    provider.rotate("2")
    provider.now += RENEWED_S
    async with scoped_task(policy.remote.keep_fresh()), asyncio.timeout(20):
        while await policy.identify(token):
            await asyncio.sleep(0.01)
    assert provider.asked == 2


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # that is the point
async def test_a_small_key_among_them_is_left_out(provider: Provider) -> None:
    provider.keys["small"] = rsa.generate_private_key(65537, 1024)  # noqa: S505  # the same
    policy = provider.policy()
    assert await policy.identify(provider.signed("1")) == ADA
    assert await policy.identify(provider.signed("small")) is None
