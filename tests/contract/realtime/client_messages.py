"""What the tests of a Realtime conversation say and send."""

from __future__ import annotations

from typing import Any

from tests.contract.realtime.caller import RealtimeCaller

QUESTION, ANSWER = "What is the capital of France?", "It is Paris, and it has been for long."
CREATE: dict[str, Any] = {"type": "response.create"}


def manual() -> RealtimeCaller:
    c = RealtimeCaller()
    c.send(
        {
            "type": "session.update",
            "session": {"type": "realtime", "audio": {"input": {"turn_detection": None}}},
        }
    )
    return c


def update(c: RealtimeCaller, **found: Any) -> None:
    session = {"type": "realtime", "audio": {"input": {"turn_detection": found}}}
    c.send({"type": "session.update", "session": session})


def message(text: str, role: str = "user", **more: Any) -> dict[str, Any]:
    kind = "output_text" if role == "assistant" else "input_text"
    content = [{"type": kind, "text": text}]
    item = {"type": "message", "role": role, "content": content, **more.pop("item", {})}
    return {"type": "conversation.item.create", "item": item, **more}
