"""Every subject of the bus is documented, and public ones are in AsyncAPI."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from runtime.bus.tool_services import KEY_HEADER, SESSION_HEADER
from schemas import subjects
from schemas.documents import asyncapi
from schemas.documents.asyncapi_messages import SERVICE_CALL
from schemas.generate import SIDE, event_types

README = Path(subjects.__file__).with_name("README.md").read_text(encoding="utf-8")
INTERNAL = "Internal to Aura"
BEGINNINGS = ("aura.", "$KV.")
PREFIXES = {"SEATS", "AGENTS", "AGENTS_LIVE"}
"""Constants that a key follows."""


def listed(text: str) -> set[str]:
    """Return the subjects in *text*, their variable tokens as `*`."""
    found = re.findall(r"(?:aura\.|\$KV\.)[\w.<>-]+", text)
    return {re.sub(r"<\w+>", "*", subject.rstrip(".")) for subject in found}


def in_code() -> Iterator[str]:
    """Yield the subjects that `subjects.py` makes, their variable tokens as `*`."""
    for node in ast.walk(ast.parse(inspect.getsource(subjects))):
        match node:
            case ast.JoinedStr(values=parts):
                made = "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "*" for part in parts
                )
                if made.startswith(BEGINNINGS):
                    yield made
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(made))):
                if made.startswith(BEGINNINGS):
                    yield f"{made}.*" if name in PREFIXES else made


def blocks() -> tuple[str, str]:
    """Return the README's lists of public and of internal subjects."""
    section = README.split("## Subjects")[1].split("The kind is")[0]
    public, internal = section.split(INTERNAL)
    return public, internal


def test_every_subject_is_listed_in_the_readme() -> None:
    public, internal = blocks()
    assert set(in_code()) == listed(public) | listed(internal)


def test_every_subject_is_listed_where_they_are_made() -> None:
    said = {
        re.sub(r"\.(tenant|shared|tenants)\..*", ".*", one)
        for one in listed(subjects.__doc__ or "")
    }
    assert set(in_code()) == said


def test_public_subjects_are_channels_and_no_others() -> None:
    public, _ = blocks()
    channels = asyncapi.document(event_types(), SIDE)["channels"].values()
    kinds = "|".join(asyncapi.CHANNELS)
    addresses = {re.sub(rf"\.({kinds})$", ".*", one["address"] or "") for one in channels} - {""}
    assert {re.sub(r"{\w+}", "*", one) for one in addresses} == listed(public)


def test_the_headers_of_a_tool_call_are_those_that_are_sent() -> None:
    assert {KEY_HEADER, SESSION_HEADER} < set(SERVICE_CALL["headers"]["properties"])
