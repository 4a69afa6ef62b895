"""aiohttp's server with other errors: a request that it cannot parse is not quoted.

Such a request reaches no application, so that no middleware can change the response.
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
        # else a compressed body is unpacked on the event loop: 256 MiB take 4 s
        super().__init__(manager, **{**options, "auto_decompress": False})
        self.lost = asyncio.Event()
        """Set once the connection is closed."""

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
        """Return a response without *message*, which quotes the client."""
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
        """Return the handler of a new connection."""
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
