"""The docstrings of a type and its fields, as descriptions in its JSON Schema."""

import ast
import inspect
import itertools
import textwrap
import typing
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import msgspec

_TAGS = {"type": "The name of the message.", "action": "The name of the command."}
"""Descriptions of the fields that tell the types of a union apart; no type declares them."""


def describe(schema: dict[str, Any], kind: type[msgspec.Struct], *shared: type) -> None:
    """Put the docstrings of *kind* and of its fields into *schema* as descriptions.

    A field without a docstring has the first line of its type's, if that is a struct, or else the
    docstring of the field of the same name in one of the *shared* classes.
    """
    schema["description"] = inspect.getdoc(kind) or ""
    properties = schema.get("properties", {})
    for name, tag_text in _TAGS.items():
        if name in properties and name == kind.__struct_config__.tag_field:
            properties[name].setdefault("description", tag_text)
    for field in msgspec.structs.fields(kind):
        own = field_docstrings(kind).get(field.name) or _of_type(field.type)
        of_others = (field_docstrings(other_kind).get(field.name, "") for other_kind in shared)
        text = next(filter(None, (own, *of_others)), "")
        if text and field.encode_name in properties:
            properties[field.encode_name]["description"] = text


def structs_within(kinds: Iterable[Any]) -> dict[str, type[msgspec.Struct]]:
    """Return the structs among *kinds* and in their fields, by name."""
    return {kind.__name__: kind for kind_of_root in kinds for kind in _within(kind_of_root)}


@cache
def field_docstrings(kind: type) -> Mapping[str, str]:
    """Return the docstrings of the fields of *kind* and its bases, each as one line."""
    texts: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("schemas."):
            texts |= dict(_declared(base))
    return texts


def _declared(kind: type) -> Iterator[tuple[str, str]]:
    """Yield the names and docstrings of the fields in the source of *kind*."""
    (declared,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    statements = declared.body if isinstance(declared, ast.ClassDef) else []
    for statement, following in itertools.pairwise(statements):
        match statement, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, " ".join(text.split())


def _of_type(hint: Any) -> str:
    """Return the first line of the docstring of *hint*, if it is a struct."""
    if not (isinstance(hint, type) and issubclass(hint, msgspec.Struct)):
        return ""
    return (inspect.getdoc(hint) or "").partition("\n")[0]


def _within(hint: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
        for field in msgspec.structs.fields(hint):
            yield from _within(field.type)
    for part in typing.get_args(hint):
        yield from _within(part)
