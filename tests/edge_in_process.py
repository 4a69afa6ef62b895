"""An edge in the process of a test: the whole application, on a real bus, without its chores."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from edge.app import build, edge_of
from edge.door.http.plain_errors import PlainRunner
from edge.door.state import Edge
from runtime.bus.connection import Bus
from runtime.settings import Settings, load

SECRET = "a secret that is long enough for HS256"
DEMO = "demo_token"
Client = TestClient[Request, Application]


class Server(TestServer):
    """Serves an application as an edge does, which cancels no handler as its client leaves."""

    async def _make_runner(self, **options: Any) -> PlainRunner:
        return PlainRunner(self.app, **{**options, "handler_cancellation": False})


def settings_of(**settings: Any) -> Settings:
    """Return settings of an edge with the demo token, without models."""
    known = {"stt_engine": "simulated", "vad": "webrtc", "debug": True, "jwt_secret": SECRET}
    return load(_env_file=None, **{**known, **settings})


@asynccontextmanager
async def an_edge(bus: Bus, **settings: Any) -> AsyncIterator[Edge]:
    """Yield the state of an edge that serves no port."""
    async with asyncio.TaskGroup() as sessions:
        yield edge_of(settings_of(**settings), bus, "e", sessions, 1000)


@asynccontextmanager
async def serving(bus: Bus, **settings: Any) -> AsyncIterator[tuple[Edge, Client]]:
    """Yield the state of an edge and a client of its port."""
    async with asyncio.TaskGroup() as sessions:
        edge = edge_of(settings_of(**settings), bus, "e", sessions, 1000)
        async with TestClient(Server(build(edge))) as client:
            yield edge, client


def token(user: str = "ann", tenant: str = "acme", *, lives_s: float = 600, **claims: Any) -> str:
    own = {"sub": user, "tenant": tenant, "exp": time.time() + lives_s, **claims}
    return jwt.encode(own, SECRET, "HS256")


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}
