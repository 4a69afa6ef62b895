"""Requests of `/v1/realtime` clients about conversation items, as commands and replies."""

from collections.abc import Mapping
from typing import Any

from edge.core.messages.client_commands import ClientCommand
from edge.core.messages.inputs import ItemAdded, ItemRemoved, Truncated
from edge.protocols.realtime.items import Item, as_json, message_item
from edge.protocols.realtime.server_events import ServerEvents
from edge.protocols.realtime.tools import result_of
from edge.protocols.realtime.wire import RequestError, invalid_value, text_of


class ItemRequests:
    """Creates, deletes, retrieves and truncates items."""

    def __init__(self, events: ServerEvents) -> None:
        self._ids = events.ids
        self._events = events

    def create(self, message: Mapping[str, Any]) -> list[ClientCommand]:
        items, wanted = self._events.items, message.get("item")
        if isinstance(wanted, dict) and wanted.get("type") == "function_call_output":
            return self._result(message, wanted)
        if isinstance(wanted, dict) and wanted.get("type") == "function_call":
            return self._call(message, wanted)
        body, role, text = message_item(wanted, "item")
        after = items.after(message)
        item, replies = self._add(message, wanted, body, after)
        item.key = self._ids.new("message")
        return [ItemAdded(item.key, role, text, after), *replies]

    def _add(
        self, message: Mapping[str, Any], wanted: Any, body: dict[str, Any], after: str | None
    ) -> tuple[Item, list[ClientCommand]]:
        """Add the item *wanted* by a client, and return it with the replies.

        Raises:
            RequestError: the id is taken or invalid.
        """
        items = self._events.items
        name = text_of(wanted, "id", most=64) if wanted.get("id") else ""
        if name in items:
            raise RequestError(
                "item_create_duplicate_item_id", "Error: an item has that id already.", "item.id"
            )
        item = Item({"id": name or self._ids.new("item"), "object": "realtime.item", **body})
        before = items.add(item)
        if after is not None:
            before = message["previous_item_id"] if after else None
        shown = as_json(item)
        return item, [
            self._ids.reply("conversation.item.added", item=shown, previous_item_id=before),
            self._ids.reply("conversation.item.done", item=shown, previous_item_id=before),
        ]

    def _result(self, message: Mapping[str, Any], wanted: dict[str, Any]) -> list[ClientCommand]:
        """Take the result of a call; the model gets it with the next requested response."""
        result = result_of(wanted)
        earlier = self._events.items.call(result.call)
        if earlier is None:
            raise invalid_value("item.call_id", "no call waits for a result by this id.")
        kind = {"type": "function_call_output", "call_id": result.call, "output": result.result}
        item, replies = self._add(message, wanted, {**kind, "status": "completed"}, None)
        calls = self._events.calls
        if calls.answer(result):
            return [*replies, *(calls.take_results() if calls.follow_up else [])]
        if not earlier.turn:  # the call is of an earlier session
            item.key = self._ids.new("message")
            said = f"{earlier.body['name']}({earlier.body['arguments']}) = {result.result}"
            replies.insert(0, ItemAdded(item.key, "system", f"Known from a call: {said}"))
        return replies

    def _call(self, message: Mapping[str, Any], wanted: dict[str, Any]) -> list[ClientCommand]:
        """Take a call of an earlier session; the model gets it with its result."""
        body: dict[str, Any] = {"type": "function_call", "status": "completed"}
        for field, most in (("name", 64), ("call_id", 512), ("arguments", 16_384)):
            body[field] = text_of(wanted, field, most=most)
        return self._add(message, wanted, body, None)[1]

    def delete(self, message: Mapping[str, Any]) -> list[ClientCommand]:
        item = self._events.items.get(message, "delete")
        self._events.items.remove(item)
        deleted = self._ids.reply("conversation.item.deleted", item_id=item.body["id"])
        return [*([ItemRemoved(item.key)] if item.key else []), deleted]

    def retrieve(self, message: Mapping[str, Any]) -> list[ClientCommand]:
        item = self._events.items.get(message, "retrieve")
        return [self._ids.reply("conversation.item.retrieved", item=as_json(item))]

    def truncate(self, message: Mapping[str, Any]) -> list[ClientCommand]:
        item = self._events.items.get(message, "truncate")
        end_ms = message.get("audio_end_ms")
        if not isinstance(end_ms, int) or isinstance(end_ms, bool) or end_ms < 0:
            raise invalid_value("audio_end_ms", "expected a whole number of ms, 0 or more.")
        if not item.spoken:
            reason = "Error: only an assistant's message with audio can be truncated."
            raise RequestError("invalid_value", reason, "item_id")
        end_ms = min(end_ms, item.sent_ms)
        self._events.offsets[item.turn] = played_ms = item.offset_ms + end_ms
        truncated = self._ids.reply("conversation.item.truncated", **item.cut(end_ms))
        return [Truncated(item.turn, played_ms), truncated]
