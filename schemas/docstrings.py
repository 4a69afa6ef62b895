"""The docstrings of a type and its fields, as descriptions in its JSON Schema."""

import inspect
from typing import Any

import msgspec


def describe(schema: dict[str, Any], kind: type[msgspec.Struct]) -> None:
    """Put the docstrings of the fields into *schema* as descriptions."""
    schema["description"] = inspect.getdoc(kind) or ""
    properties = schema.get("properties", {})
    wire_names = {field.name: field.encode_name for field in msgspec.structs.fields(kind)}
    for base in reversed(kind.__mro__):
        if not base.__module__.startswith("schemas."):
            continue
        lines = inspect.getsource(base).splitlines()
        field = ""
        for line in lines:
            text = line.strip()
            if text.startswith('"""') and field in properties:
                end = lines.index(line)
                said = " ".join(part.strip() for part in _docstring(lines[end:]))
                properties[field]["description"] = said
            name = text.split(":")[0] if ":" in text and not text.startswith('"') else ""
            field = wire_names.get(name, name)


def _docstring(lines: list[str]) -> list[str]:
    text: list[str] = []
    for number, line in enumerate(lines):
        text.append(line.replace('"""', ""))
        if line.count('"""') == 2 or (number and '"""' in line):
            break
    return text
