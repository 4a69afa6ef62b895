"""/api/live/ID/ACTION: send a command to a running call."""

import secrets

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from aura.cli.console.answers import Refused, json_answer
from aura.cli.console.state import CONSOLE, session_of
from runtime.bus import calls
from schemas.control import COMMANDS, MOST_ERROR_CHARS, AnyCommand, CallRequest, Command, Fault
from schemas.events import tag

CONSOLE_SENDER = "console"
FAULTS: dict[Fault, tuple[int, str]] = {
    "unknown_call": (404, "This call is over, or there never was one."),
    "call_ending": (409, "The call is being ended."),
    "cannot_transfer": (409, "There is no such agent, or it cannot serve this call."),
    "too_many_texts": (409, "Too many texts wait to be spoken: interrupt, or try later."),
}


def routes() -> list[web.RouteDef]:
    return [web.post(f"/api/live/{{id}}/{tag(kind)}", _does(kind)) for kind in COMMANDS]


def _does(kind: type[Command]) -> Handler:
    """Return the handler that sends a command of type *kind*; the body holds its fields."""
    read = msgspec.json.Decoder(kind)

    async def serve(request: web.Request) -> web.StreamResponse:
        console, session = request.app[CONSOLE], session_of(request)
        if not console.settings.console_commands:
            why = "This console is read-only: AURA_CONSOLE_COMMANDS is off."
            raise Refused(403, "FORBIDDEN", why)
        try:
            command: AnyCommand = read.decode(await request.read() or b"{}")  # type: ignore[assignment]  # one of them
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise Refused(400, "BAD_REQUEST", str(error)[:MOST_ERROR_CHARS]) from None
        name = f"c_{secrets.token_hex(10)}"
        call_request = CallRequest(by=CONSOLE_SENDER, id=name, command=command)
        reply = await calls.ask(console.watcher.bus, session, call_request)
        if reply.fault:
            status, why = FAULTS[reply.fault]
            raise Refused(status, reply.fault.upper(), why)
        return json_answer({"id": name, "call": msgspec.to_builtins(reply.call)})

    return serve
