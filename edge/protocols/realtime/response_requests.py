"""Requests of `/v1/realtime` clients for responses, as commands."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from edge.core.messages.client_commands import Ask, ClientCommand
from edge.core.messages.inputs import Cancelled
from edge.protocols.realtime.items import message_item
from edge.protocols.realtime.responses import RequestedResponse
from edge.protocols.realtime.server_events import ServerEvents
from edge.protocols.realtime.session_object import MOST_INSTRUCTIONS_CHARS, Tokens
from edge.protocols.realtime.tools import ToolChoice, choice_changes
from edge.protocols.realtime.wire import Ids, RequestError, convert
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


class ResponseRequests:
    """Requests and cancels responses."""

    def __init__(self, ids: Ids, events: ServerEvents) -> None:
        self._ids = ids
        self._events = events

    def create(self, message: Mapping[str, Any]) -> list[ClientCommand]:
        if self._events.session.type == "transcription":
            reason = "A transcription session has no responses."
            raise RequestError("invalid_value", reason, "type")
        body = message.get("response")
        params = convert({} if body is None else body, ResponseParams, "response")
        in_conversation = params.conversation != "none"
        busy = self._events.open is not None and self._events.open.request.in_conversation
        if in_conversation and (
            busy or any(request.in_conversation for request in self._events.asks.values())
        ):
            reason = (
                "Conversation already has an active response in progress: wait until it is done."
            )
            raise RequestError("conversation_already_has_active_response", reason)
        if len(self._events.asks) >= MOST_WAITING_REQUESTS:
            raise RequestError("rate_limit_exceeded", "Too many responses wait for one another.")
        modalities = params.output_modalities or params.modalities
        modality = self._events.session.modality
        changes: dict[str, Any] = {}
        if modalities:
            modality = "audio" if "audio" in modalities else "text"
            changes["voice.delivery"] = "chunks" if modality == "audio" else "text"
        if params.instructions:
            changes["response.system_prompt"] = params.instructions
        if isinstance(params.max_output_tokens, int):
            changes["response.max_tokens"] = params.max_output_tokens
        if params.tool_choice is not None:
            changes |= choice_changes(params.tool_choice)
        messages = None if params.input is None else self._input(params.input)
        ask = self._ids.new("ask")
        handed: list[ClientCommand] = []
        calls = self._events.calls
        if in_conversation and calls.exist:
            if calls.hold_the_turn or self._events.session.responds:
                return self._respond_to_results(ask, RequestedResponse(modality, params.metadata))
            handed = calls.take_results()
        self._events.asks[ask] = RequestedResponse(modality, params.metadata, in_conversation)
        return [*handed, Ask(ask, changes, messages, in_conversation)]

    def _respond_to_results(self, ask: str, request: RequestedResponse) -> list[ClientCommand]:
        """Hand over the results of calls; the response continues with them by itself."""
        self._events.asks[ask] = request
        self._events.calls.follow_up = ask
        return self._events.calls.take_results()

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
                reason = (
                    "Invalid value for 'response.input': its items have "
                    f"{MOST_INPUT_BYTES} bytes of text at most."
                )
                raise RequestError("invalid_value", reason, "response.input")
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
