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
        told = [(("user", "assistant")[at % 2], text) for at, text in enumerate(self.history)]
        return Prompt(
            self.system, (*told, ("user", self.ask)), max_tokens=MOST_TOKENS, tools=self.tools
        )


def questions(path: Path = QUESTIONS) -> list[Question]:
    """Return the questions of the file at *path*."""
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    tools = tuple(ToolFunction(**one) for one in told["tools"])
    found = []
    for one in told["questions"]:
        one["system"] = told["systems"][one["system"]]
        one["tools"] = tools if one.get("tools") else ()
        for name in ("any", "none", "history"):
            one[name] = tuple(one.get(name, ()))
        found.append(Question(**one))
    return found


def faults(question: Question, text: str, calls: list[FunctionCall]) -> list[str]:
    """Return the faults of an answer to *question*; empty: it is useful."""
    said = text.casefold()
    found = []
    if question.call:
        if [one.name for one in calls] != [question.call]:
            found.append(f"calls {[one.name for one in calls]}, not {question.call}")
        elif lacks := _lacks(question.arguments, calls[0].arguments):
            found.append(lacks)
        return found
    if calls:
        found.append(f"calls {[one.name for one in calls]}")
    if not said.strip():
        found.append("says nothing")
    if question.any and not any(_has(said, one) for one in question.any):
        found.append(f"has none of {', '.join(question.any)}")
    found += [f"has {one!r}" for one in question.none if _has(said, one)]
    if (words := len(said.split())) > question.most_words:
        found.append(f"{words} words")
    return found


def _has(said: str, wanted: str) -> bool:
    """Return whether *wanted* is in *said*, as whole words."""
    wanted = wanted.casefold()
    if not (wanted.isascii() and wanted.isalnum()):
        return wanted in said
    end = r"(?![0-9])" if wanted.isdigit() else r"s?(?![a-z0-9])"
    return re.search(rf"(?<![a-z0-9]){wanted}{end}", said) is not None


def _lacks(wanted: dict[str, Any], arguments: str) -> str:
    try:
        given = json.loads(arguments)
    except ValueError:
        return "calls with no JSON"
    if not isinstance(given, dict):
        return "calls with no object"
    for name, value in wanted.items():
        if str(value).casefold() not in str(given.get(name, "")).casefold():
            return f"{name} is {given.get(name)!r}, not {value!r}"
    return ""
