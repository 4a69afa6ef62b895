"""`aura up` waits until every edge reports its stages, and tells which are missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from deploy.readiness import wait_until_ready
from runtime.settings import SettingsError
from tests.ports import free_ports

ALL = {"ai_service": True, "audio_processor": True, "audio_pipeline": True}


class Edge:
    """An edge's `/health`, as its API documents it."""

    def __init__(self) -> None:
        self.services: dict[str, bool] = dict(ALL)
        self.asked = 0
        self.url = ""
        self.text = ""
        """What it answers instead."""

    async def health(self, _: web.Request) -> web.Response:
        self.asked += 1
        if self.text:
            return web.Response(text=self.text, content_type="application/json")
        ready = all(self.services.values())
        return web.json_response({"services": self.services}, status=200 if ready else 503)


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    edge = Edge()
    app = web.Application()
    app.router.add_get("/health", edge.health)
    async with TestServer(app) as server:
        edge.url = str(server.make_url("")).rstrip("/")
        yield edge


async def failure(*urls: str) -> str:
    with pytest.raises(SettingsError) as raised:
        await wait_until_ready(urls, lambda _: None, within_s=0.05)
    return str(raised.value)


async def test_it_returns_once_every_edge_is_ready(edge: Edge) -> None:
    told: list[str] = []
    await wait_until_ready([edge.url, edge.url], told.append)
    assert (edge.asked, told) == (2, [])


async def test_it_waits_for_an_edge_that_becomes_ready(edge: Edge) -> None:
    edge.services["ai_service"] = False
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(wait_until_ready([edge.url], lambda _: None))
        while not edge.asked:
            await asyncio.sleep(0.001)
        assert not waiting.done()
        edge.services["ai_service"] = True


@pytest.mark.parametrize(
    ("missing", "names"),
    [
        (["ai_service"], ["the language model"]),
        (["audio_processor"], ["the recogniser"]),
        (["audio_pipeline"], ["the voice"]),
        ([*ALL], ["the language model", "the recogniser"]),
    ],
)
async def test_the_missing_stages_are_named_and_a_voice_only_if_it_is_known_to_be_missing(
    edge: Edge, missing: list[str], names: list[str]
) -> None:
    edge.services.update(dict.fromkeys(missing, False))
    assert await failure(edge.url) == f"{', '.join(names)} did not get ready; see above"


async def test_an_edge_that_does_not_answer_or_answers_nonsense_is_named(edge: Edge) -> None:
    nowhere = f"http://127.0.0.1:{free_ports()}"
    assert f"the edge on {nowhere}" in await failure(edge.url, nowhere)
    edge.text = "nonsense"
    assert f"the edge on {edge.url}" in await failure(edge.url)
