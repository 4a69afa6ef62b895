"""Parses tool calls in the markup of any family of models. Pure.

{"name": "book", "arguments": {"guests": 2}}                  most, alone or in a list
<function=book><parameter=guests>2</parameter></function>     Qwen3-Coder, Llama, Seed-OSS
<invoke name="book"><parameter name="guests">2</parameter>    MiniMax M2, DeepSeek V3.2 (DSML)
book<arg_key>guests</arg_key><arg_value>2</arg_value>         GLM
functions.book:0<|tool_call_argument_begin|>{"guests": 2}     Kimi
book<｜tool▁sep｜>{"guests": 2}                                 DeepSeek V3.1; V3 and R1 a fence
book[ARGS]{"guests": 2}                                       Mistral
call:book{guests:2}                                           Gemma
[book(guests=2)]                                              Llama 3.2 and 4, Gemma 3, LFM2
"""

import ast
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Final

from schemas.tools import MOST_ARGUMENT_CHARS, MOST_CALLS
from workers.engines.protocols import FunctionCall

Types = Mapping[str, Mapping[str, Any]]
"""The schemas of the arguments, by tool and argument."""

_NAME: Final = r"(?:functions\.)?(?P<name>[\w.-]{1,64}?)"
_ELEMENTS: Final = tuple(
    re.compile(pattern, re.DOTALL | re.IGNORECASE)
    for pattern in (
        rf"<function(?:=|\s+name=\")\s*{_NAME}\"?\s*>(?P<body>.*?)"
        r"(?:</function\s*>|(?=<function[=\s])|\Z)",
        rf"<[^<>\s/]{{0,20}}invoke\s+name=\"{_NAME}\"[^<>]{{0,40}}>(?P<body>.*?)"
        r"(?:</[^<>\s]{0,20}invoke\s*>|(?=<[^<>\s/]{0,20}invoke\s)|\Z)",
        rf"{_NAME}(?::\d+)?\s*<\|tool_call_argument_begin\|>(?P<body>.*?)(?:<\|tool_call_end\|>|\Z)",
        rf"function<[｜|]tool▁sep[｜|]>{_NAME}\s(?P<body>.*?)(?:<[｜|]tool▁call▁end[｜|]>|\Z)",
        rf"(?<![\w.-]){_NAME}<[｜|]tool▁sep[｜|]>(?P<body>.*?)(?:<[｜|]tool▁call▁end[｜|]>|\Z)",
        rf"(?<![\w.-]){_NAME}(?:\[CALL_ID\]\w*)?\[ARGS\](?P<body>.*?)(?:\[TOOL_CALLS\]|</s>|\Z)",
        rf"\bcall:{_NAME}(?P<body>\{{.*?\}})\s*(?:<end_function_call>|<tool_call\|>|\Z|(?=call:))",
        rf"\A\s*{_NAME}\s*(?P<body>(?:<arg_key>.*)?)\Z",
    )
)
_PARAMETERS: Final = tuple(
    re.compile(pattern, re.DOTALL | re.IGNORECASE)
    for pattern in (
        r"<[^<>\s/]{0,20}?param(?:eter)?(?:=|\s+name=\")(?P<name>[\w.-]{1,64})\"?"
        r"(?:\s+string=\"(?P<text>true|false)\")?[^<>]{0,40}>(?P<value>.*?)"
        r"(?:</[^<>\s]{0,20}param(?:eter)?\s*>|(?=<[^<>\s/]{0,20}param(?:eter)?[=\s])|\Z)",
        r"<arg_key>\s*(?P<name>[\w.-]{1,64})\s*</arg_key>\s*<arg_value>(?P<value>.*?)"
        r"(?:</arg_value>|(?=<arg_key>)|\Z)",
        r"[{,]\s*(?P<name>\w{1,64}):\s*(?P<mark><escape>|<\|\"\|>)(?P<value>.*?)(?P=mark)",
        r"[{,]\s*(?P<name>\w{1,64}):\s*(?P<value>[^<>,{}]{1,200})",
    )
)
_FENCE: Final = re.compile(r"\s*```[a-z_]*\s*(.*?)\s*(?:```\s*)?", re.DOTALL)
_PYTHON: Final = re.compile(r"[\s\[(]{0,8}[\w.]{1,64}\(")
BROKEN_NAME: Final = re.compile(r'"(?:tool_)?name"\s*:\s*"([^"]{1,64})"')
"""The name of a call whose JSON is broken."""
_SCANNER: Final = json.JSONDecoder()
_ODD: Final = (ValueError, RecursionError, SyntaxError, MemoryError)


def calls_in(body: str, types: Types) -> list[FunctionCall]:
    """Return the calls in *body*, the content of markup; none: it cannot be parsed."""
    fenced = _FENCE.fullmatch(body)
    body = fenced[1] if fenced else body.strip()
    for calls_by_syntax in (_json(body), _elements(body, types), _pythonic(body), _broken(body)):
        if calls := [call for call, _ in zip(calls_by_syntax, range(MOST_CALLS), strict=False)]:
            return calls
    return []


def calls_of(value: Any) -> list[FunctionCall]:
    """Return the calls in *value*, an object or a list of them; none: it has another form."""
    if isinstance(value, list):
        by_item = [calls_of(item) for item in value]
        return [call for calls in by_item for call in calls] if all(by_item) else []
    if not isinstance(value, dict):
        return []
    if isinstance(inner := value.get("function"), dict):
        value = inner
    name = value.get("name", value.get("tool_name"))
    arguments = value.get("arguments", value.get("parameters", value.get("args")))
    if not isinstance(name, str) or not isinstance(arguments, dict | str):
        return []
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return [_call(name, text)]


def _json(body: str) -> Iterator[FunctionCall]:
    """Yield the calls in the JSON values at the beginning of *body*."""
    at = body.find("[") if body.startswith("functools[") else 0
    while body[at : at + 1] in ("{", "["):
        try:
            value, at = _SCANNER.raw_decode(body, at)
            calls = calls_of(value)
        except _ODD:
            return
        yield from calls
        at += len(body[at:]) - len(body[at:].lstrip(" \t\r\n,;"))


def _elements(body: str, types: Types) -> Iterator[FunctionCall]:
    for pattern in _ELEMENTS:
        matches = list(pattern.finditer(body))
        for match in matches:
            name = match["name"]
            yield _call(name, arguments(match["body"], types.get(name, {})))
        if matches:
            return


def arguments(body: str, types: Mapping[str, Any]) -> str:
    """Return the arguments in the *body* of one call as JSON, or *body* itself.

    *types* are their schemas by name, by which a number may become a text.
    """
    fenced = _FENCE.fullmatch(body)
    body = fenced[1] if fenced else body.strip()
    try:
        if isinstance(json.loads(body), dict):
            return body
    except _ODD:
        pass
    values: dict[str, Any] = {}
    for pattern in _PARAMETERS:
        for mark in pattern.finditer(body):
            parts = mark.groupdict()
            is_text = parts.get("text") == "true" or bool(parts.get("mark"))
            values.setdefault(mark["name"], _typed(mark["value"], types.get(mark["name"]), is_text))
    return json.dumps(values, ensure_ascii=False) if values else body or "{}"


def _typed(value: str, schema: Any, is_text: bool) -> Any:
    value = value.strip()
    if is_text or (isinstance(schema, dict) and schema.get("type") == "string"):
        return value
    try:
        return json.loads(value)
    except _ODD:
        return value


def _pythonic(body: str) -> Iterator[FunctionCall]:
    """Yield the calls in Python's syntax, with named constant arguments."""
    if not _PYTHON.match(body):
        return
    try:
        with warnings.catch_warnings(action="ignore"):  # about unusual forms of numbers
            tree = ast.parse(body)
    except _ODD:
        return
    lines = [statement.value for statement in tree.body if isinstance(statement, ast.Expr)]
    for line in lines if len(lines) == len(tree.body) else []:
        for node in line.elts if isinstance(line, ast.List | ast.Tuple) else [line]:
            if not isinstance(node, ast.Call) or node.args:
                return
            try:
                name = ast.unparse(node.func)
                values = {
                    keyword.arg: ast.literal_eval(keyword.value)
                    for keyword in node.keywords
                    if keyword.arg
                }
                yield _call(name.removesuffix(".call"), json.dumps(values, ensure_ascii=False))
            except (*_ODD, TypeError):
                return


def _broken(body: str) -> Iterator[FunctionCall]:
    """Yield a call with broken JSON, which is reported to the model and not run."""
    if name := BROKEN_NAME.search(body):
        yield _call(name[1], body)


def _call(name: str, text: str) -> FunctionCall:
    """Return the call; half of a character has no encoding and becomes a question mark."""
    name, text = (part.encode(errors="replace").decode() for part in (name, text))
    return FunctionCall(name.removeprefix("functions."), text[: MOST_ARGUMENT_CHARS + 1] or "{}")
