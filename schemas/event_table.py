"""The table of all events in `README.md`, from the types' docstrings."""

import inspect
import re
import typing
from collections.abc import Iterator

from schemas import events
from schemas.asyncapi import tag
from schemas.stages import STAGES

MARK = "events"
"""The name of the table's marks in the README."""
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
        pattern, lambda found: f"{found[1]}{content}\n{found[2]}", text, flags=re.DOTALL
    )
    if not count:
        raise ValueError(f"there are no marks of {name}")
    return made


def table() -> str:
    """Return the table: a row for each event, in the order of the kinds."""
    return "\n".join((_HEAD, *_rows()))


def _rows() -> Iterator[str]:
    every = typing.get_args(events.AnyEvent)
    for kind in typing.get_args(events.Kind):
        for event in every:
            if kind == event.KIND:
                yield f"| `{kind}` | {_row(event)} |"


def _row(event: type[events.Event]) -> str:
    first_line = (inspect.getdoc(event) or "").splitlines()[0]
    route, meaning = first_line.split(": ", 1)
    if stage := _TO_WORK_ON.get(event):
        meaning += f" A job of stage `{stage}`."
    return f"`{tag(event)}` | {route.replace('->', '→')} | {meaning}"
