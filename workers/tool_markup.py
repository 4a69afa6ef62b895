"""Calls of tools written as markup, `<function=NAME>`, as Qwen3-Coder and Llama write them. Pure.

    <function=book><parameter=guests>2</parameter></function>
    <function=book>{"guests": 2}</function>

Either may stand in `<tool_call>` tags. Servers read it where they are told to
(`--tool-call-parser`, `--jinja`); where not, it would be spoken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

BEGIN: Final = re.compile(
    r"(?P<tag><\s*tool_call\s*>)?\s*<function=(?P<name>[\w.-]{1,64})\s*>", re.IGNORECASE
)
END: Final = re.compile(r"</function\s*>", re.IGNORECASE)
_TAG: Final = re.compile(r"<\s*tool_call\s*>\s*", re.IGNORECASE)
_PART_OF_BEGIN: Final = re.compile(r"<function=[\w.-]{0,64}\s*", re.IGNORECASE)
_FUNCTION: Final = "<function="
_PARAMETER: Final = re.compile(
    r"<parameter=(?P<name>[\w.-]{1,64})\s*>(?P<value>.*?)(?:</parameter\s*>|(?=<parameter=)|\Z)",
    re.IGNORECASE | re.DOTALL,
)


def may_begin(text: str) -> bool:
    """Tell whether *text* is the beginning of a beginning of a call."""
    rest = text[tag.end() :] if (tag := _TAG.match(text)) else text
    return _FUNCTION.startswith(rest.lower()) or _PART_OF_BEGIN.fullmatch(rest) is not None


def arguments(body: str, types: Mapping[str, Any]) -> str:
    """Return what stands between the tags as JSON.

    *types* are the schemas of the tool's arguments by name: a number is a text where it has to be.
    """
    found = list(_PARAMETER.finditer(body))
    if not found:
        return body.strip() or "{}"
    values = {one["name"]: _typed(one["value"].strip(), types.get(one["name"])) for one in found}
    return json.dumps(values, ensure_ascii=False)


def _typed(value: str, schema: Any) -> Any:
    if isinstance(schema, dict) and schema.get("type") == "string":
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
