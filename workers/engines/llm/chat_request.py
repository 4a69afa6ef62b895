"""What a server with OpenAI's chat API is asked, in a form that it takes. Pure.

Chat templates want the caller first and the two sides in turns; Aura's history begins with a
greeting, and a question that was not answered has another behind it. Servers differ in the fields
that they know: one that names a field in its refusal is asked again without it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, Final

from workers.engines.protocols import Prompt

SYSTEM_ROLE: Final = "system role"
"""Not a field, but left out in the same way: the text goes into the caller's first message."""
_OPTIONAL: Final = ("stream_options", "max_tokens", "max_completion_tokens", "temperature", "seed")
_NO_SYSTEM: Final = re.compile(
    r"system role|role.{0,20}\bsystem\b|only user and assistant roles", re.IGNORECASE
)
_CONTINUE: Final = (
    "Your answer was cut off. It began with the text of your last message. Go on exactly where "
    "that text stops, and repeat none of it."
)
_CALL_BEGINS: Final = "(The call begins.)"
Json = dict[str, Any]


def body(request: Prompt, model: str, left_out: Collection[str] = ()) -> Json:
    """Return the request for *model* without the fields *left_out*."""
    optional: Json = {
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "stream_options": {"include_usage": True},
    }
    if request.seed is not None:
        optional["seed"] = request.seed
    if "max_tokens" in left_out:
        optional["max_completion_tokens"] = request.max_tokens
    return {
        "model": model,
        "messages": messages(request, has_system=SYSTEM_ROLE not in left_out),
        "stream": True,
        **{name: value for name, value in optional.items() if name not in left_out},
    }


def messages(request: Prompt, *, has_system: bool = True) -> list[Json]:
    """Return the conversation: the system's text, then caller and assistant in turns.

    What the assistant said before the caller did is told in the system's text.
    """
    turns: list[tuple[str, str]] = []
    for role, text in request.messages:
        if turns and turns[-1][0] == role:
            turns[-1] = (role, f"{turns[-1][1]}\n{text}")
        elif text:
            turns.append((role, text))
    system = request.system
    if turns and turns[0][0] == "assistant":
        opening = f'You began the conversation with: "{turns.pop(0)[1]}"'
        system = f"{system}\n\n{opening}" if system else opening
    if not turns:
        turns.append(("user", _CALL_BEGINS))
    if request.said:
        turns += [("assistant", request.said), ("user", _CONTINUE)]
    if system and not has_system:
        turns[0] = ("user", f"{system}\n\n{turns[0][1]}")
    told = [{"role": role, "content": text} for role, text in turns]
    return [{"role": "system", "content": system}, *told] if system and has_system else told


def refused_field(refusal: object, sent: Json) -> str | None:
    """Return what of *sent* the body of a *refusal* names first, None where it names nothing."""
    told = " ".join(_told(refusal))
    found = {
        name: at.start()
        for name in _OPTIONAL
        if name in sent and (at := re.search(rf"\b{name}\b", told))
    }
    if found:
        return min(found, key=lambda name: found[name])
    has_system = any(message["role"] == "system" for message in sent["messages"])
    return SYSTEM_ROLE if has_system and _NO_SYSTEM.search(told) else None


def _told(refusal: object) -> Iterator[str]:
    """Yield the texts of a refusal, without what it repeats of the request."""
    if isinstance(refusal, dict):
        for name, value in refusal.items():
            if name not in ("input", "body", "request"):
                yield from _told(value)
    elif isinstance(refusal, list | tuple):
        for value in refusal:
            yield from _told(value)
    elif isinstance(refusal, str):
        yield refusal
