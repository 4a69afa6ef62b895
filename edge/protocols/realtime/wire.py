"""Parts of `/v1/realtime` for both directions: event ids, and errors."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from edge.core.messages.client_commands import Reply
from edge.protocols.client_protocol import Json
from edge.protocols.parsing import shown

T = TypeVar("T")
MOST_ID_CHARS = 512
INVALID_REQUEST, SERVER_ERROR = "invalid_request_error", "server_error"


class RequestError(Exception):
    """A client's event is invalid; the client is told why, and the session goes on."""

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.param = param


class Ids:
    """Unique names of events, items and responses of one connection."""

    def __init__(self, nonce: str) -> None:
        """Take *nonce*, which is unique to the connection and part of all names."""
        self._nonce = nonce
        self._count = 0

    def new(self, kind: str) -> str:
        """Return a name that begins with *kind*."""
        self._count += 1
        return f"{kind}_{self._nonce}_{self._count}"

    def event(self, kind: str, **fields: Any) -> Json:
        """Return the server event of type *kind*."""
        return {"type": kind, "event_id": self.new("event"), **fields}

    def reply(self, kind: str, **fields: Any) -> Reply:
        """Return the server event of type *kind* as a reply to a client's event."""
        return Reply(self.event(kind, **fields))

    def error(self, error: RequestError, event_id: object, kind: str = INVALID_REQUEST) -> Json:
        """Return the server event for *error*, caused by the client's event *event_id*."""
        known = event_id if isinstance(event_id, str) else None
        told = {
            "type": kind,
            "code": error.code,
            "message": str(error),
            "param": error.param,
            "event_id": known[:MOST_ID_CHARS] if known else None,
        }
        return self.event("error", error=told)


_PATH = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", re.DOTALL)


def convert(value: object, kind: type[T], where: str) -> T:
    """Return *value*, found at *where* in a client's event, converted to *kind*.

    Raises:
        RequestError: the value is invalid; the error says where and why, without the value.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        found = _PATH.match(str(error))
        what, path = (found["what"], found["path"] or "") if found else ("", "")
        param = f"{where}{path}"
        if missing := re.match(r"Object missing required field `(\w+)`", what):
            param = f"{param}.{missing[1]}"
            message = f"Missing required parameter: '{param}'."
            raise RequestError("missing_required_parameter", message, param) from None
        code = "invalid_type" if what.startswith("Expected `") and ", got" in what else ""
        told = re.sub(r"Invalid enum value .*", "it is none of the documented ones", what)
        message = f"Invalid value for '{param}': {told}."
        raise RequestError(code or "invalid_value", message, param) from None


def text_of(message: Mapping[str, Any], name: str, *, most: int = MOST_ID_CHARS) -> str:
    """Return the text in the field *name* of a client's event.

    Raises:
        RequestError: the field is missing, no text, or too long.
    """
    value = message.get(name)
    if value is None:
        told = f"Missing required parameter: '{name}'."
        raise RequestError("missing_required_parameter", told, name)
    if not isinstance(value, str):
        raise RequestError("invalid_type", f"Invalid type for '{name}': expected a string.", name)
    if len(value) > most or not value.isprintable():
        raise invalid_value(name, f"{most} printable characters at most.")
    return value


def invalid_value(param: str, why: str) -> RequestError:
    """Return the error for an invalid value of *param*."""
    return RequestError("invalid_value", f"Invalid value for '{param}': {why}", param)


def unknown_value(name: str, value: str, known: tuple[str, ...]) -> RequestError:
    """Return the error for a *value* that is not in *known*."""
    values = ", ".join(f"'{valid}'" for valid in known)
    reason = f"Invalid value: '{shown(value)}'. Supported values are: {values}."
    return RequestError("invalid_value", reason, name)
