"""What every request meets before its handler, and what every answer has."""

from __future__ import annotations

import asyncio
import gzip
from collections import Counter
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError, web
from structlog.testing import capture_logs

from edge.door.http.middlewares import HEADERS
from runtime.bus.connection import Bus
from tests.edge_in_process import DEMO, Client, serving

PATH = "/v1/realtime/client_secrets"
CONTINUOUS = "/ws/voice/continuous?greeting=0"


async def statuses(client: Client, path: str, count: int, **asked: Any) -> list[int]:
    found = []
    for _ in range(count):
        async with client.get(path, allow_redirects=False, **asked) as answer:
            found.append(answer.status)
    return found


def add(client: Client, path: str, handler: Any) -> None:
    client.app.router._frozen = False
    client.app.router.add_get(path, handler)


async def test_an_address_over_its_rate_is_told_when_to_come_again(bus: Bus) -> None:
    async with serving(bus, api_requests_per_minute=2) as (_, client):
        assert await statuses(client, "/", 2) == [200, 200]
        async with client.get("/") as answer:
            assert (answer.status, await answer.json()) == (429, {"error": "Too many requests"})
            assert int(answer.headers["Retry-After"]) > 1
            assert answer.headers["Connection"] == "close"


async def test_requests_that_arrive_at_once_are_spread_over_rounds_of_the_loop(bus: Bus) -> None:
    crowd, rounds, served_in = 100, 0, Counter[int]()

    async def count(_: web.Request) -> web.Response:
        served_in[rounds] += 1
        return web.Response()

    async with serving(bus, api_requests_per_minute=crowd) as (_, client):
        add(client, "/counted", count)
        to = client.server
        sockets = [await asyncio.open_connection(to.host, to.port) for _ in range(crowd)]
        for _, writer in sockets:  # without a wait between two, so that all arrive in one round
            writer.write(b"GET /counted HTTP/1.1\r\nHost: x\r\n\r\n")
        while sum(served_in.values()) < crowd:
            await asyncio.sleep(0)
            rounds += 1
        for _, writer in sockets:
            writer.close()
    assert max(served_in.values()) < crowd / 3


async def test_an_orchestrator_on_the_machine_is_never_refused_and_others_are(bus: Bus) -> None:
    async with serving(bus, api_requests_per_minute=1, trusted_proxies="127.0.0.1") as (_, client):
        assert 429 not in await statuses(client, "/health", 5)
        other = {"X-Forwarded-For": "203.0.113.7"}
        assert (await statuses(client, "/health", 3, headers=other))[1:] == [429, 429]


async def test_the_files_of_the_page_do_not_use_up_the_requests(bus: Bus) -> None:
    async with serving(bus, api_requests_per_minute=1) as (_, client):
        assert 429 not in await statuses(client, "/talk", 5)
        assert await statuses(client, "/", 2) == [200, 429]


async def test_handshakes_have_a_rate_of_their_own(bus: Bus) -> None:
    path = f"{CONTINUOUS}&token={DEMO}"
    limits = {"api_requests_per_minute": 1, "joins_per_minute_per_ip": 2}
    async with serving(bus, **limits) as (_, client):
        for _ in range(2):
            async with client.ws_connect(path):
                pass
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect(path)
        assert refused.value.status == 429
        assert await statuses(client, "/", 2) == [200, 429]


async def test_a_plain_request_for_the_path_of_a_websocket_is_a_request(bus: Bus) -> None:
    async with serving(bus, api_requests_per_minute=1) as (_, client):
        assert (await statuses(client, CONTINUOUS, 2))[1] == 429


async def test_a_page_may_read_the_answer_only_where_its_origin_may_call(bus: Bus) -> None:
    async with serving(bus, allowed_origins="https://good.example") as (_, client):
        for origin, told in (("https://good.example", True), ("https://evil.example", False)):
            async with client.get("/health", headers={"Origin": origin}) as answer:
                found = answer.headers.get("Access-Control-Allow-Origin")
                assert (found, "Origin" in answer.headers.get("Vary", "")) == (
                    (origin, True) if told else (None, False)
                )
        async with client.get("/health") as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/nowhere", "/health"])
async def test_every_answer_has_the_headers_and_no_version(bus: Bus, path: str) -> None:
    async with serving(bus) as (_, client), client.get(path) as answer:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS


async def test_a_page_keeps_its_own_policy(bus: Bus) -> None:
    async with serving(bus) as (_, client), client.get("/talk") as answer:
        assert answer.status == 200
        assert "'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_what_is_not_there_is_told_as_json(bus: Bus) -> None:
    async with serving(bus) as (_, client):
        async with client.get("/nowhere") as answer:
            assert (answer.status, await answer.json()) == (404, {"error": "Not Found"})
        async with client.put("/health") as answer:
            assert (answer.status, await answer.json()) == (405, {"error": "Method Not Allowed"})
            assert set(answer.headers["Allow"].split(",")) == {"GET", "HEAD"}


async def test_a_fault_of_ours_tells_the_client_nothing_and_the_log_no_query(bus: Bus) -> None:
    async def broken(_: web.Request) -> web.Response:
        raise RuntimeError("the fault")

    async def gone(_: web.Request) -> web.Response:
        raise ConnectionResetError

    async with serving(bus) as (_, client):
        add(client, "/broken", broken)
        add(client, "/gone", gone)
        with capture_logs() as logs:
            async with client.get("/broken?token=secret") as answer:
                assert (answer.status, await answer.json()) == (
                    500,
                    {"error": "Internal server error"},
                )
            async with client.get("/gone?token=secret") as answer:
                assert answer.status == 400
    told = [(one["event"], one["log_level"], one["path"]) for one in logs]
    assert told == [("request_failed", "error", "/broken"), ("client_left", "info", "/gone")]


async def test_redirects_and_refusals_in_a_form_of_their_own_stay_as_they_are(bus: Bus) -> None:
    async def refused(_: web.Request) -> web.Response:
        raise web.HTTPConflict(text='{"own": 1}', content_type="application/json")

    async def elsewhere(_: web.Request) -> web.Response:
        raise web.HTTPFound("/elsewhere")

    async with serving(bus) as (_, client):
        add(client, "/refused", refused)
        add(client, "/moved", elsewhere)
        async with client.get("/refused") as answer:
            assert (answer.status, await answer.json()) == (409, {"own": 1})
        async with client.get("/moved", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (302, "/elsewhere")


async def test_a_compressed_body_is_not_unpacked(bus: Bus) -> None:
    async with serving(bus) as (_, client):
        packed = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        async with client.post(PATH, data=gzip.compress(b"{}"), headers=packed) as answer:
            assert answer.status == 415
            assert answer.headers["Accept-Encoding"] == "identity"
            assert answer.headers["Connection"] == "close"
        plain = {"Content-Encoding": " Identity "}
        async with client.post(PATH, data=b"{}", headers=plain) as answer:
            assert answer.status == 401
