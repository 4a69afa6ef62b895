"""Checks of an answer: words that it must and must not have, and its tool call. Pure."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from schemas.tools import ToolFunction
from workers.engines.protocols import FunctionCall, Prompt

QUESTIONS = Path(__file__).with_name("questions.yaml")
MOST_TOKENS = 80


@dataclass(frozen=True)
class Question:
    """A question, and the expected answer."""

    id: str
    group: str
    system: str
    ask: str
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    most_words: int = 80
    call: str | None = None
    """The expected tool call; empty: no call; None: there are no tools."""
    arguments: dict[str, Any] = field(default_factory=dict)
    """Arguments that the call must have."""
    history: tuple[str, ...] = ()
    """Texts of caller and assistant, alternating."""
    tools: tuple[ToolFunction, ...] = ()

    @property
    def prompt(self) -> Prompt:
        lines = [(("user", "assistant")[at % 2], text) for at, text in enumerate(self.history)]
        return Prompt(
            self.system, (*lines, ("user", self.ask)), max_tokens=MOST_TOKENS, tools=self.tools
        )


def questions(path: Path = QUESTIONS) -> list[Question]:
    """Return the questions of the file at *path*."""
    file = yaml.safe_load(path.read_text(encoding="utf-8"))
    tools = tuple(ToolFunction(**tool) for tool in file["tools"])
    read = []
    for fields in file["questions"]:
        fields["system"] = file["systems"][fields["system"]]
        fields["tools"] = tools if fields.get("tools") else ()
        for name in ("any", "none", "history"):
            fields[name] = tuple(fields.get(name, ()))
        read.append(Question(**fields))
    return read


def faults(question: Question, text: str, calls: list[FunctionCall]) -> list[str]:
    """Return the faults of an answer to *question*; empty: it is useful."""
    response = text.casefold()
    wrong = []
    if question.call:
        if [call.name for call in calls] != [question.call]:
            wrong.append(f"calls {[call.name for call in calls]}, not {question.call}")
        elif lacks := _lacks(question.arguments, calls[0].arguments):
            wrong.append(lacks)
        return wrong
    if calls:
        wrong.append(f"calls {[call.name for call in calls]}")
    if not response.strip():
        wrong.append("says nothing")
    if question.any and not any(_has(response, word) for word in question.any):
        wrong.append(f"has none of {', '.join(question.any)}")
    wrong += [f"has {word!r}" for word in question.none if _has(response, word)]
    if (words := len(response.split())) > question.most_words:
        wrong.append(f"{words} words")
    return wrong


def _has(response: str, wanted: str) -> bool:
    """Return whether *wanted* is in *response*, as whole words."""
    wanted = wanted.casefold()
    if not (wanted.isascii() and wanted.isalnum()):
        return wanted in response
    end = r"(?![0-9])" if wanted.isdigit() else r"s?(?![a-z0-9])"
    return re.search(rf"(?<![a-z0-9]){wanted}{end}", response) is not None


def _lacks(wanted: dict[str, Any], arguments: str) -> str:
    try:
        values = json.loads(arguments)
    except ValueError:
        return "calls with no JSON"
    if not isinstance(values, dict):
        return "calls with no object"
    for name, value in wanted.items():
        if str(value).casefold() not in str(values.get(name, "")).casefold():
            return f"{name} is {values.get(name)!r}, not {value!r}"
    return ""
