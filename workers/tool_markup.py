"""Calls of tools written as markup, as Qwen3-Coder, Llama and DeepSeek write them. Pure.

    <function=book><parameter=guests>2</parameter></function>
    <function=book>{"guests": 2}</function>
    <｜tool▁call▁begin｜>book<｜tool▁sep｜>{"guests": 2}<｜tool▁call▁end｜>

The first two may stand in `<tool_call>` tags, the third, of DeepSeek V3.1, in marks of its own.
V3 and R1 write `function<｜tool▁sep｜>book`, a line break and the JSON in a fence. Servers read it
where they are told to (`--tool-call-parser`, `--jinja`); where not, it would be spoken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_DEEPSEEK: Final = r"(?:<｜tool▁calls▁begin｜>\s*)?<｜tool▁call▁begin｜>"
BEGIN: Final = re.compile(
    r"(?P<tag><\s*tool_call\s*>)?\s*<function=(?P<name>[\w.-]{1,64})\s*>"
    rf"|{_DEEPSEEK}(?P<name_v3_1>(?!function<)[\w.-]{{1,64}})<｜tool▁sep｜>"
    rf"|{_DEEPSEEK}function<｜tool▁sep｜>(?P<name_v3>[\w.-]{{1,64}})\s",
    re.IGNORECASE,
)
END: Final = re.compile(r"</function\s*>|<｜tool▁call▁end｜>", re.IGNORECASE)
_TAG: Final = re.compile(r"<\s*tool_call\s*>\s*", re.IGNORECASE)
_PART_OF_BEGIN: Final = re.compile(r"<function=[\w.-]{0,64}\s*", re.IGNORECASE)
_FUNCTION: Final = "<function="
_PART_OF_DEEPSEEK: Final = re.compile(
    r"(?:<｜tool▁calls▁begin｜>\s*)?(?:<?|<｜[a-z_▁]{0,16}｜?"
    r"|<｜tool▁call▁begin｜>(?:function<｜tool▁sep｜>)?[\w.-]{0,64}(?:<(?:｜[a-z_▁]{0,8}｜?)?)?)"
)
_FENCE: Final = re.compile(r"\s*```[a-z]*\s*(.*?)\s*(?:```\s*)?", re.DOTALL)
_PARAMETER: Final = re.compile(
    r"<parameter=(?P<name>[\w.-]{1,64})\s*>(?P<value>.*?)(?:</parameter\s*>|(?=<parameter=)|\Z)",
    re.IGNORECASE | re.DOTALL,
)


def may_begin(text: str) -> bool:
    """Tell whether *text* is the beginning of a beginning of a call."""
    rest = text[tag.end() :] if (tag := _TAG.match(text)) else text
    part = _PART_OF_BEGIN.fullmatch(rest) or _PART_OF_DEEPSEEK.fullmatch(text)
    return _FUNCTION.startswith(rest.lower()) or part is not None


def name(begin: re.Match[str]) -> str:
    """Return which tool the match of BEGIN calls."""
    return begin["name"] or begin["name_v3_1"] or begin["name_v3"]


def opening(begin: re.Match[str]) -> str:
    """Return the mark around the call that the match of BEGIN begins, "" where there is none."""
    return (begin["tag"] or "") if begin["name"] else "｜"


def arguments(body: str, types: Mapping[str, Any]) -> str:
    """Return what stands between the tags as JSON.

    *types* are the schemas of the tool's arguments by name: a number is a text where it has to be.
    """
    found = list(_PARAMETER.finditer(body))
    if not found:
        fenced = _FENCE.fullmatch(body)
        return (fenced[1] if fenced else body.strip()) or "{}"
    values = {one["name"]: _typed(one["value"].strip(), types.get(one["name"])) for one in found}
    return json.dumps(values, ensure_ascii=False)


def _typed(value: str, schema: Any) -> Any:
    if isinstance(schema, dict) and schema.get("type") == "string":
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
