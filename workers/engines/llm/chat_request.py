"""Requests to a server with OpenAI's chat API, in a form that it accepts.

Chat templates need the caller first and alternating sides. Aura's history begins with a greeting,
and has two turns of the caller in a row if the first got no response. A server that refuses a field
by its name is asked again without that field. Pure.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from schemas.events import Message, ToolCall
from schemas.tools import ToolFunction
from workers.engines.protocols import CallInfo, Prompt

SYSTEM_ROLE: Final = "system role"
"""No field, but left out in the same way: its text is put into the caller's first message."""
_OPTIONAL: Final = (
    "stream_options max_tokens max_completion_tokens temperature seed tools tool_choice metadata "
    "user".split()
)
_USER_FIELD: Final = re.compile(
    r"(?:param(?:eter)?|field|property|argument|key|supplied|body|input)s?\W{1,3}user\b"
    r"|\buser\W{1,3}(?:extra|unsupported|is not (?:supported|permitted|allowed))"
    r"|^user$",
    re.IGNORECASE | re.MULTILINE,
)
"""Refusals for other reasons may also contain the word user."""
_NO_SYSTEM: Final = re.compile(
    r"system role|role.{0,20}\bsystem\b|only user and assistant roles", re.IGNORECASE
)
_CONTINUE: Final = (
    "Your answer was cut off. It began with the text of your last message. Go on exactly where "
    "that text stops, and repeat none of it."
)
_TOOLS_IN_WORDS: Final = (
    "These tools do things for the caller. Where one is needed and its arguments are known, your "
    'whole answer is its call, one line of JSON: {"name": "TOOL", "arguments": {...}}. You are '
    "told its result then. Where none is needed, or something is missing, answer in words. The "
    "caller hears those, so never speak of tools.\n"
)
"""For a server without tools, and for the built-in engine."""
_RESULT: Final = (
    "(The caller does not hear this. Tell them in a short sentence what came of it. Result of the "
    "tool: "
)
_CALL_BEGINS: Final = "(The call begins.)"
_GO_ON: Final = "(The caller says nothing. Go on.)"
Json = dict[str, Any]


def body(
    request: Prompt,
    model: str,
    left_out: Collection[str] = (),
    *,
    caller: CallInfo | None = None,
) -> Json:
    """Return the request for *model* without the fields *left_out*, with *caller* if given."""
    optional: Json = {
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "stream_options": {"include_usage": True},
    }
    if request.seed is not None:
        optional["seed"] = request.seed
    if caller:
        optional |= {"user": caller.session, "metadata": _metadata(caller)}
    if "max_tokens" in left_out:
        optional["max_completion_tokens"] = request.max_tokens
    has_system, has_tools = SYSTEM_ROLE not in left_out, "tools" not in left_out
    if request.tools:
        tools = map(_tool, request.tools)
        optional["tools"] = [{"type": "function", "function": tool} for tool in tools]
        if request.tool_choice != "auto" and has_tools:
            optional["tool_choice"] = _chosen(request.tool_choice)
    return {
        "model": model,
        "messages": messages(request, has_system=has_system, has_tools=has_tools),
        "stream": True,
        **{name: value for name, value in optional.items() if name not in left_out},
    }


def _chosen(choice: str) -> str | Json:
    return choice if choice == "required" else {"type": "function", "function": {"name": choice}}


def _metadata(caller: CallInfo) -> dict[str, str]:
    """Return the data of the call in the form that servers accept: texts only."""
    return {
        "session": caller.session,
        "tenant": caller.tenant,
        "turn": str(caller.turn),
        "agent": caller.agent,
        "speculative": "true" if caller.speculative else "false",
    }


def messages(request: Prompt, *, has_system: bool = True, has_tools: bool = True) -> list[Json]:
    """Return the conversation: the system prompt, then caller and assistant in turns.

    The system prompt has the assistant's words before the caller's first. Without *has_tools*,
    tools, calls and results are described in words.
    """
    lines = _merged(request.lines if has_tools else map(_in_words, request.lines))
    system_lines = [request.system]
    if request.tools and not has_tools:
        # The last paragraph of the system prompt has an agent's variables and instructions for one
        # call. Tools come before it, so that all calls share the longest start.
        system_lines = request.system.rsplit("\n\n", 1)
        tools = _TOOLS_IN_WORDS + "\n".join(map(json.dumps, map(_tool, request.tools)))
        system_lines.insert(1, tools)
    if lines and lines[0].role == "assistant" and not lines[0].calls:
        system_lines.append(f'You began the conversation with: "{lines.pop(0).text}"')
    if request.tools and not has_tools and request.tool_choice != "auto":
        which = "one of them" if request.tool_choice == "required" else request.tool_choice
        system_lines.append(f"Now your whole answer is a call of {which}.")
    system = "\n\n".join(filter(None, system_lines))
    if not lines or lines[0].role != "user":
        lines.insert(0, Message("user", _CALL_BEGINS))
    if lines[-1].role == "assistant":  # a response without words of the caller
        lines.append(Message("user", _GO_ON))
    if request.said:
        lines += [Message("assistant", request.said), Message("user", _CONTINUE)]
    if system and not has_system:
        lines[0] = Message("user", f"{system}\n\n{lines[0].text}")
    turns = [_message_json(line) for line in lines]
    return [{"role": "system", "content": system}, *turns] if system and has_system else turns


def _merged(lines: Iterable[Message]) -> list[Message]:
    """Return *lines* without empty ones, and with successive lines of one side joined."""
    merged: list[Message] = []
    for line in lines:
        last = merged[-1] if merged else None
        if last and line.role == last.role != "tool" and not (line.calls or last.calls):
            merged[-1] = Message(line.role, f"{last.text}\n{line.text}")
        elif line.text or line.calls or line.role == "tool":
            merged.append(line)
    return merged


def _in_words(line: Message) -> Message:
    """Return *line* as a message of caller or assistant, for a server without tools."""
    if line.role == "tool":
        return Message("user", f"{_RESULT}{line.text})")
    if not line.calls:
        return line
    calls = [f'{{"name": "{call.name}", "arguments": {_object(call)}}}' for call in line.calls]
    return Message("assistant", "\n".join(filter(None, [line.text, *calls])))


def _message_json(line: Message) -> Json:
    if line.role == "tool":
        return {"role": "tool", "tool_call_id": line.call, "content": line.text}
    if line.calls:
        calls = [_call_json(call) for call in line.calls]
        return {"role": "assistant", "content": line.text or None, "tool_calls": calls}
    return {"role": line.role, "content": line.text}


def _call_json(call: ToolCall) -> Json:
    function = {"name": call.name, "arguments": _object(call)}
    return {"id": call.id, "type": "function", "function": function}


def _object(call: ToolCall) -> str:
    """Return the arguments of *call*; {} if they are no JSON, since chat templates parse them."""
    try:
        is_object = isinstance(json.loads(call.arguments), dict)
    except (ValueError, RecursionError):
        is_object = False
    return call.arguments if is_object else "{}"


def _tool(tool: ToolFunction) -> Json:
    parameters = tool.parameters or {"type": "object", "properties": {}}
    return {"name": tool.name, "description": tool.description, "parameters": parameters}


def _field(name: str) -> re.Pattern[str]:
    return _USER_FIELD if name == "user" else re.compile(rf"\b{name}\b")


def refused_field(refusal: object, sent: Json) -> str | None:
    """Return the field of *sent* that the body of a *refusal* names first, or None."""
    texts = "\n".join(_error_texts(refusal))
    places = {
        name: at.start()
        for name in _OPTIONAL
        if name in sent and (at := _field(name).search(texts))
    }
    if places:
        return min(places, key=lambda name: places[name])
    has_system = any(message["role"] == "system" for message in sent["messages"])
    return SYSTEM_ROLE if has_system and _NO_SYSTEM.search(texts.replace("\n", " ")) else None


def _error_texts(refusal: object) -> Iterator[str]:
    """Yield the texts of a refusal, without its repetition of the request."""
    if isinstance(refusal, dict):
        for name, value in refusal.items():
            if name not in ("input", "body", "request"):
                yield from _error_texts(value)
    elif isinstance(refusal, list | tuple):
        for value in refusal:
            yield from _error_texts(value)
    elif isinstance(refusal, str):
        yield refusal
