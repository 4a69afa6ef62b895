r"""Patterns of names: `\Z` is their end for Python, and `$` for JSON Schema.

In Python `$` also matches before a line break at the end, so that "name\n" would be a name. JSON
Schema has the expressions of ECMAScript, in which `$` is the end alone, and `\Z` means nothing.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

_END = r"\Z"


def exact(pattern: str) -> str:
    """Return *pattern* of JSON Schema, which ends in `$`, for a `msgspec.Meta`."""
    return pattern.removesuffix("$") + _END


def components(kinds: Iterable[Any], *, ref_template: str) -> dict[str, dict[str, Any]]:
    """Return the JSON Schemas of *kinds* and of the types within, by name.

    *ref_template* has `{name}` for the name of a type that is referred to.
    """
    _, schemas = msgspec.json.schema_components(kinds, ref_template=ref_template)
    return {name: _exported(schema) for name, schema in schemas.items()}


def _exported(part: Any) -> Any:
    """Return *part* of a JSON Schema with `$` at the ends of its patterns."""
    match part:
        case dict():
            return {key: _exported(value) for key, value in part.items()} | _pattern_of(part)
        case list() | tuple():
            return [_exported(item) for item in part]
        case _:
            return part


def _pattern_of(schema: dict[str, Any]) -> dict[str, str]:
    match schema:
        case {"pattern": str() as pattern} if pattern.endswith(_END):
            return {"pattern": f"{pattern.removesuffix(_END)}$"}
        case _:
            return {}
