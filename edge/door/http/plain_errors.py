"""aiohttp's server with errors of our own: a request it cannot parse is quoted to nobody.

What cannot be parsed reaches no application, so no middleware can word the answer.
"""

import asyncio
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.web_request import BaseRequest

from edge.door.http.middlewares import HEADERS


class PlainHandler(web.RequestHandler):
    """One connection."""

    def __init__(self, manager: web.Server, **options: Any) -> None:
        # a packed body would be unpacked on the event loop as it comes: 256 MiB of it take 4 s
        super().__init__(manager, **{**options, "auto_decompress": False})
        self.lost = asyncio.Event()
        """Set once the connection is gone."""

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        self.lost.set()

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return an answer without *message*, which holds what the client sent."""
        del message
        super().handle_error(request, status, exc, "")
        body = {"error": HTTPStatus(status).phrase}
        answer = web.json_response(body, status=status, headers=HEADERS)
        answer.force_close()
        return answer


class PlainServer(web.Server):
    """Makes the handlers."""

    def __call__(self) -> PlainHandler:
        return PlainHandler(self, loop=self._loop, **self._kwargs)


class PlainRunner(web.AppRunner):
    """Runs an application on that server."""

    def handler(self) -> PlainHandler:
        """Return what serves a new connection."""
        server = self.server
        assert isinstance(server, PlainServer)  # noqa: S101  # `setup` has made it
        return server()

    async def _make_server(self) -> PlainServer:
        made = await super()._make_server()
        return PlainServer(
            made.request_handler,
            request_factory=made.request_factory,
            loop=made._loop,
            **made._kwargs,
        )
