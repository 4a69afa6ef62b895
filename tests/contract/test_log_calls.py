"""Every log call names one fixed fact and gives its values as named fields."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.sources import ROOT, python_files

FOLDERS = ("schemas", "runtime", "edge", "workers", "aura", "deploy")
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}
LOGS = re.compile(rf"log(ger)?\s*\.\s*({'|'.join(sorted(LEVELS))})\b")
"""What a file with a log call has in its text; other files are not parsed, which takes longer."""
FACT = re.compile(r"[a-z]+(_[a-z0-9]+)+|turn")
"""`turn` is the canonical line of a turn."""
UNITS = ("_ms", "_s", "_bytes", "_hz", "_usd")
TIMES = ("took", "delay", "wait", "waited", "after", "duration", "size", "rate")
"""A field that is named so without a unit could be anything."""
PERSONAL = {
    "text",
    "words",
    "transcript",
    "prompt",
    "audio",
    "pcm",
    "token",
    "query",
    "url",
    "arguments",
}
SPREAD = {
    ("runtime/bus/delivery.py", "message_malformed"),  # session and subject, as far as known
    ("edge/call/session_shell.py", "turn"),  # edge/call/turn_line.py lists the fields
}


def log_calls() -> Iterator[tuple[str, ast.Call]]:
    for file in python_files(FOLDERS):
        text = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if LOGS.search(text) else ():
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in LEVELS
                and ast.unparse(node.func.value).rpartition(".")[2] in {"log", "_log", "logger"}
            ):
                yield str(file.relative_to(ROOT)), node


CALLS = list(log_calls())


def test_the_log_calls_are_found() -> None:
    assert {"turn", "session_started", "job_failed"} <= {
        call.args[0].value for _, call in CALLS if isinstance(call.args[0], ast.Constant)
    }


@pytest.mark.parametrize(
    ("file", "call"), CALLS, ids=[f"{file}:{call.lineno}" for file, call in CALLS]
)
def test_a_log_call_is_a_fixed_fact_with_named_values(file: str, call: ast.Call) -> None:
    [event] = call.args
    assert isinstance(event, ast.Constant), "the event is a fixed string, without values in it"
    assert FACT.fullmatch(str(event.value)), event.value
    for field in call.keywords:
        if field.arg is None:
            assert (file, event.value) in SPREAD
            continue
        assert field.arg not in TIMES, f"{field.arg} has no unit, such as {', '.join(UNITS)}"
        assert field.arg not in PERSONAL, field.arg
