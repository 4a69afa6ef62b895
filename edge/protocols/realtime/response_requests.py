"""Requests of `/v1/realtime` clients for responses, as commands."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from edge.core.messages.client_commands import Ask, ClientCommand
from edge.core.messages.inputs import Cancelled
from edge.protocols.realtime.items import message_item
from edge.protocols.realtime.responses import Modality, RequestedResponse
from edge.protocols.realtime.server_events import ServerEvents
from edge.protocols.realtime.session_object import MOST_INSTRUCTIONS_CHARS, Tokens
from edge.protocols.realtime.tools import ToolChoice, choice_changes
from edge.protocols.realtime.wire import RequestError, convert, invalid_value
from schemas.events import Message

MOST_WAITING_REQUESTS = 8
"""The most requested responses that may wait."""
MOST_INPUT_BYTES = 256 * 1024
"""The most bytes of text in the `input` of a response."""

Metadata = dict[
    Annotated[str, msgspec.Meta(max_length=64)], Annotated[str, msgspec.Meta(max_length=512)]
]


class ResponseParams(msgspec.Struct, frozen=True, kw_only=True):
    """The `response` of a `response.create`."""

    instructions: Annotated[str, msgspec.Meta(max_length=MOST_INSTRUCTIONS_CHARS)] | None = None
    output_modalities: (
        Annotated[list[Literal["audio", "text"]], msgspec.Meta(min_length=1)] | None
    ) = None
    modalities: list[Literal["audio", "text"]] | None = None
    conversation: Literal["auto", "none"] | None = None
    input: Annotated[list[Any], msgspec.Meta(max_length=500)] | None = None
    metadata: Annotated[Metadata, msgspec.Meta(max_length=16)] | None = None
    max_output_tokens: Tokens | None = None
    tool_choice: ToolChoice | None = None

    @property
    def modality(self) -> Modality | None:
        """The requested modality; None: the session's."""
        wanted = self.output_modalities or self.modalities
        return ("audio" if "audio" in wanted else "text") if wanted else None


class ResponseRequests:
    """Requests and cancels responses."""

    def __init__(self, events: ServerEvents) -> None:
        self._ids = events.ids
        self._events = events

    def create(self, message: Mapping[str, Any]) -> list[ClientCommand]:
        if self._events.session.type == "transcription":
            reason = "A transcription session has no responses."
            raise RequestError("invalid_value", reason, "type")
        body = message.get("response")
        params = convert({} if body is None else body, ResponseParams, "response")
        in_conversation = params.conversation != "none"
        self._check_there_is_room(in_conversation=in_conversation)
        modality = params.modality or self._events.session.modality
        request = RequestedResponse(modality, params.metadata, in_conversation)
        messages = None if params.input is None else self._input(params.input)
        ask, calls = self._ids.new("ask"), self._events.calls
        self._events.asks[ask] = request
        handed: list[ClientCommand] = []
        if in_conversation and calls.exist:
            handed = calls.take_results()
            if calls.hold_the_turn or self._events.session.responds:
                calls.follow_up = ask  # the response continues with the results by itself
                return handed
        return [*handed, Ask(ask, _changes(params), messages, in_conversation)]

    def _check_there_is_room(self, *, in_conversation: bool) -> None:
        """Check that no response of the conversation is under way, and that few others wait.

        Raises:
            RequestError: one is, or too many do.
        """
        asks, response = self._events.asks, self._events.open
        under_way = [*asks.values(), *([response.request] if response else [])]
        if in_conversation and any(request.in_conversation for request in under_way):
            reason = (
                "Conversation already has an active response in progress: wait until it is done."
            )
            raise RequestError("conversation_already_has_active_response", reason)
        if len(asks) >= MOST_WAITING_REQUESTS:
            raise RequestError("rate_limit_exceeded", "Too many responses wait for one another.")

    def _input(self, items: list[Any]) -> tuple[Message, ...]:
        """Return the conversation that the response uses in place of the session's.

        Raises:
            RequestError: an item is invalid, or they are too long together.
        """
        messages: list[Message] = []
        left_bytes = MOST_INPUT_BYTES
        for place, body in enumerate(items):
            param = f"response.input[{place}]"
            if isinstance(body, dict) and body.get("type") == "item_reference":
                known = self._events.items.get({"item_id": body.get("id")}, "retrieve").body
                role = known.get("role")
                parts = known.get("content", [])
                text = "\n".join(part.get("text") or part.get("transcript") or "" for part in parts)
            else:
                _, role, text = message_item(body, param)
            left_bytes -= len(text.encode())
            if left_bytes < 0:
                why = f"its items have {MOST_INPUT_BYTES} bytes of text at most."
                raise invalid_value("response.input", why)
            messages.append(Message("assistant" if role == "assistant" else "user", text))
        return tuple(messages)

    def cancel(self, message: Mapping[str, Any]) -> list[ClientCommand]:
        response = self._events.open
        wanted = message.get("response_id")
        if response is None or wanted not in (None, response.id):
            told = "Cancellation failed: no active response found."
            raise RequestError("response_cancel_not_active", told)
        response.is_cancelled = True
        return [Cancelled()]


def _changes(params: ResponseParams) -> dict[str, Any]:
    """Return the changes of the session configuration by *params*."""
    changes: dict[str, Any] = {}
    if params.modality:
        changes["voice.delivery"] = "chunks" if params.modality == "audio" else "text"
    if params.instructions:
        changes["response.system_prompt"] = params.instructions
    if isinstance(params.max_output_tokens, int):
        changes["response.max_tokens"] = params.max_output_tokens
    if params.tool_choice is not None:
        changes |= choice_changes(params.tool_choice)
    return changes
