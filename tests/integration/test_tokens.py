"""A wrong token counts the same on every path of HTTP that wants one."""

from __future__ import annotations

import pytest

from edge.call.counters import refusals
from runtime.bus.connection import Bus
from tests.edge_in_process import Client, bearer, serving, token

ASKED = (
    ("GET", "/v1/calls"),
    ("GET", "/v1/models"),
    ("POST", "/v1/realtime/client_secrets"),
    ("POST", "/v1/realtime/calls/s/hangup"),
)


async def status(client: Client, method: str, path: str, headers: dict[str, str]) -> int:
    async with client.request(method, path, headers=headers) as answer:
        assert ("Retry-After" in answer.headers) == (answer.status == 429)
        return answer.status


async def test_an_address_with_wrong_tokens_must_wait_on_all_of_them(bus: Bus) -> None:
    async with serving(bus, joins_per_minute_per_ip=2 * len(ASKED)) as (_, client):
        for method, path in ASKED:
            assert await status(client, method, path, bearer("wrong")) == 401
        before = refusals().get("tokens", 0)
        for method, path in ASKED:
            assert await status(client, method, path, bearer(token())) == 429
        assert refusals()["tokens"] == before + len(ASKED)


@pytest.mark.parametrize("header", ["", "Basic {}", "{}", "Bearer"])
async def test_a_token_is_a_bearer_in_the_header(bus: Bus, header: str) -> None:
    async with serving(bus) as (_, client):
        known = {"Authorization": header.format(token())}
        assert await status(client, "GET", "/v1/models", known) == 401
        assert await status(client, "GET", "/v1/models", bearer(token())) == 200
        lower = {"authorization": f"bearer  {token()} "}
        assert await status(client, "GET", "/v1/models", lower) == 200
