"""Items of a Realtime conversation: parses them, and keeps them for later requests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge.protocols.client_protocol import Json
from edge.protocols.parsing import clean
from edge.protocols.realtime.wire import RequestError, invalid_value, text_of, unknown_value
from schemas.events import ItemRole

MOST_ITEMS = 2000
"""The most items that a connection keeps; the oldest is forgotten, though its words stay in the
conversation."""
MOST_ITEM_CHARS = 32_000
ROOT_ITEM = "root"
"""The id that stands for the place before the first item."""
TEXTS: Mapping[ItemRole, tuple[str, ...]] = {
    "user": ("input_text",),
    "system": ("input_text",),
    "assistant": ("output_text", "text"),
}
"""The types of content with words, by the role of the message; `text` is from the beta."""


@dataclass
class Item:
    """One item, and its place in the call."""

    body: dict[str, Any]
    """The item in the form that clients get."""
    key: str = ""
    """The key of its message in the call's history; empty: it has none yet."""
    turn: int = 0
    """The turn of the call, if the item is a response."""
    offset_ms: int = 0
    """The start of its audio within the audio of the turn's response."""
    spoken: bool = False
    """Whether it is spoken audio of a response."""
    sent_ms: int = 0
    words: list[tuple[int, str]] = field(default_factory=list)
    """The pieces of a spoken response's transcript, with the ms of audio before each."""

    def cut(self, audio_end_ms: int) -> dict[str, Any]:
        """Drop the words from *audio_end_ms* on; return the fields of the event about it."""
        self.sent_ms = audio_end_ms
        self.words = [(at_ms, text) for at_ms, text in self.words if at_ms < audio_end_ms]
        for part in self.body["content"]:
            part["transcript"] = "".join(text for _, text in self.words).strip()
        return {"item_id": self.body["id"], "content_index": 0, "audio_end_ms": audio_end_ms}


class Items:
    """The items of one connection in the order of the conversation."""

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}
        self.last: str | None = None
        """The id of the last item."""

    def add(self, item: Item) -> str | None:
        """Append *item*, and return the id of the item before it."""
        before, self.last = self.last, item.body["id"]
        self._items[item.body["id"]] = item
        if len(self._items) > MOST_ITEMS:
            del self._items[next(iter(self._items))]
        return before

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def get(self, message: Mapping[str, Any], to: str) -> Item:
        """Return the item that *message* names; *to* is the verb for the error message.

        Raises:
            RequestError: there is no such item.
        """
        name = text_of(message, "item_id")
        if name not in self._items:
            reason = f"Error: cannot {to} the item: no item has the id given in 'item_id'."
            raise RequestError(f"item_{to}_invalid_item_id", reason, "item_id")
        return self._items[name]

    def call(self, call: str) -> Item | None:
        """Return the item of a function call by its `call_id`."""
        calls = (item for item in self._items.values() if item.body["type"] == "function_call")
        return next((item for item in calls if item.body["call_id"] == call), None)

    def spoken_in(self, turn: int) -> Item | None:
        """Return the last item with audio of the response to *turn*."""
        spoken = (item for item in reversed(self._items.values()) if item.spoken)
        return next((item for item in spoken if item.turn == turn), None)

    def remove(self, item: Item) -> None:
        name = item.body["id"]
        del self._items[name]
        if self.last == name:
            self.last = next(reversed(self._items), None)

    def after(self, message: Mapping[str, Any]) -> str | None:
        """Return the key of the message before a new item, in the form of `inputs.ItemAdded`.

        Raises:
            RequestError: `previous_item_id` names no item.
        """
        name = message.get("previous_item_id")
        if name is None or name == self.last:
            return None
        if name == ROOT_ITEM:
            return ""
        if not isinstance(name, str) or name not in self._items:
            reason = "Error: no item has the id given in 'previous_item_id'."
            raise RequestError("item_create_invalid_previous_item_id", reason, "previous_item_id")
        return self._items[name].key or None


def message_item(item: object, param: str) -> tuple[dict[str, Any], ItemRole, str]:
    """Return a client's message in the form that clients get, with its role and its words.

    Raises:
        RequestError: it is no valid message; *param* names the part for the error.
    """
    if not isinstance(item, dict):
        raise RequestError(
            "invalid_type", f"Invalid type for '{param}': expected an object.", param
        )
    kind = text_of(item, "type") if "type" in item else "message"
    if kind != "message":
        raise unknown_value(f"{param}.type", kind, ("message",))
    role: ItemRole
    match item.get("role"):
        case "user" | "system" | "assistant" as known:
            role = known
        case other:
            raise unknown_value(f"{param}.role", str(other), tuple(TEXTS))
    content = item.get("content")
    if not isinstance(content, list) or not content:
        raise invalid_value(f"{param}.content", "expected a list with at least one part.")
    parts = [_part(part, role, f"{param}.content[{place}]") for place, part in enumerate(content)]
    text = "\n".join(words for _, words in parts)
    if not text.strip() or len(text) > MOST_ITEM_CHARS:
        raise invalid_value(f"{param}.content", f"1 to {MOST_ITEM_CHARS} characters of text.")
    item_body: dict[str, Any] = {"type": "message", "role": role, "status": "completed"}
    item_body["content"] = [part for part, _ in parts]
    return item_body, role, text


def _part(part: object, role: ItemRole, param: str) -> tuple[dict[str, Any], str]:
    """Return a part of a message's content in the form that clients get, and its words.

    Raises:
        RequestError: this server does not accept such a part.
    """
    if not isinstance(part, dict):
        raise RequestError(
            "invalid_type", f"Invalid type for '{param}': expected an object.", param
        )
    kind = part.get("type")
    if kind == "input_image":
        raise invalid_value(f"{param}.type", "this server's models see no images.")
    if kind in ("input_audio", "output_audio") and isinstance(part.get("transcript"), str):
        words = clean(part["transcript"])
        return {"type": kind, "transcript": words}, words
    if kind in ("input_audio", "output_audio"):
        raise invalid_value(param, "audio needs its transcript here; new audio is appended.")
    if kind not in TEXTS[role]:
        raise unknown_value(f"{param}.type", str(kind), TEXTS[role])
    text = part.get("text")
    if not isinstance(text, str):
        raise RequestError("invalid_type", f"Invalid type for '{param}.text'.", f"{param}.text")
    words = clean(text)
    return {"type": "output_text" if role == "assistant" else kind, "text": words}, words


def utterance_item(name: str) -> dict[str, Any]:
    """Return the item of a spoken turn of the caller, before its words are known."""
    return {
        "id": name,
        "object": "realtime.item",
        "type": "message",
        "status": "completed",
        "role": "user",
        "content": [{"type": "input_audio", "transcript": None}],
    }


def as_json(item: Item) -> Json:
    """Return a copy of *item*, so that later changes do not alter a message already made."""
    content = [dict(part) for part in item.body.get("content", [])]
    return {**item.body, **({"content": content} if content else {})}
