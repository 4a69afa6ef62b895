"""The tables of `README.md`: all events, the stages, and the tokens of subjects."""

import re
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from schemas import events
from schemas.documents.asyncapi_parameters import PARAMETERS
from schemas.events import tag
from schemas.routes import route
from schemas.stages import STAGES

MARK = "events"
"""The name of the events' marks in the README."""
TOKENS_MARK, STAGES_MARK = "tokens", "stages"
_HEAD = "| kind | event | from → to | meaning |\n|---|---|---|---|"
_TO_WORK_ON: dict[type[events.Event], events.StageName] = {
    stage.job: stage.name for stage in STAGES
}


def filled(text: str, name: str, content: str) -> str:
    """Return *text* with *content* between the marks of *name*.

    Raises:
        ValueError: it has no such marks.
    """
    pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
    made, count = re.subn(
        pattern, lambda match: f"{match[1]}{content}\n{match[2]}", text, flags=re.DOTALL
    )
    if not count:
        raise ValueError(f"there are no marks of {name}")
    return made


def table() -> str:
    """Return the table: a row for each event, in the order of the kinds."""
    return "\n".join((_HEAD, *_rows()))


def token_table() -> str:
    """Return the table of the variable tokens of subjects."""
    rows = (f"| `<{name}>` | {_grammar(parameter)} |" for name, parameter in PARAMETERS.items())
    return "\n".join(("| token | meaning and grammar |\n|---|---|", *rows))


def stage_table(
    kinds: Iterable[type[msgspec.Struct]], consumers: Mapping[str, Mapping[str, Any]]
) -> str:
    """Return the table of the stages; *kinds* are all messages, *consumers* as they are declared.

    A consumer's `ack_wait` is in ns.
    """
    head = "| stage | durable consumer | its job | `ack_wait`, deliveries | it publishes |"
    rows = [head, "|---|---|---|---|---|"]
    every = list(kinds)
    for stage in STAGES:
        declared = consumers[stage.consumer]
        waits = f"{declared['ack_wait'] / 1e9:g} s, {declared['max_deliver']}"
        job = f"`{tag(stage.job)}` on `{declared['filter_subject']}`"
        written = ", ".join(
            f"`{_name(kind)}`" for kind in every if stage.name in route(kind).writers
        )
        rows.append(f"| `{stage.name}` | `{stage.consumer}` | {job} | {waits} | {written} |")
    return "\n".join(rows)


def _name(kind: type[msgspec.Struct]) -> str:
    return tag(kind) if issubclass(kind, events.Event) else kind.__name__


def _grammar(parameter: Mapping[str, Any]) -> str:
    values = ", ".join(f"`{value}`" for value in parameter.get("enum", ()))
    return f"{parameter['description']} One of {values}." if values else parameter["description"]


def _rows() -> Iterator[str]:
    every = typing.get_args(events.AnyEvent)
    for kind in typing.get_args(events.Kind):
        for event in every:
            if kind == event.KIND:
                yield f"| `{kind}` | {_row(event)} |"


def _row(event: type[events.Event]) -> str:
    way, meaning = route(event).way, route(event).meaning
    if stage := _TO_WORK_ON.get(event):
        meaning += f" A job of stage `{stage}`."
    return f"`{tag(event)}` | {way.replace('->', '→')} | {meaning}"
