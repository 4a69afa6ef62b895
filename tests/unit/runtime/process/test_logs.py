"""What a log says of an error: where it happened, never what was said."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from runtime.process import logs
from runtime.settings import load

SPOKEN = "my number is four two seven one"


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()
    root.handlers[:], root.level = handlers, level


def fail(transcript: str) -> None:
    assert transcript
    raise ZeroDivisionError(transcript)


def service(log_format: str) -> Callable[[], None]:
    return lambda: logs.configure(load(log_format=log_format, _env_file=None), "edge")


@pytest.mark.parametrize(
    "configure",
    [
        pytest.param(service("console"), id="a service in a terminal"),
        pytest.param(service("json"), id="a service in a container"),
        pytest.param(lambda: logs.configure_command(logging.ERROR), id="a command"),
    ],
)
def test_a_traceback_names_the_place_and_neither_message_nor_local_variable(
    configure: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    log: Any = structlog.get_logger()
    said = SPOKEN
    try:
        fail(said)
    except ZeroDivisionError:
        log.exception("job_failed")
    written = "".join(capsys.readouterr())
    assert "ZeroDivisionError" in written
    assert "test_logs.py" in written
    assert SPOKEN not in written


class Writes(io.RawIOBase):
    """A file that keeps what is written to it at a time."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.seen.append(bytes(data))
        return len(data)


@pytest.mark.parametrize(
    ("stream", "configure"),
    [("stdout", service("json")), ("stderr", lambda: logs.configure_command(logging.ERROR))],
)
def test_a_line_is_written_whole_so_that_processes_may_share_a_file(
    monkeypatch: pytest.MonkeyPatch, stream: str, configure: Callable[[], None]
) -> None:
    writes = Writes()
    unbuffered = io.TextIOWrapper(writes, write_through=True)  # type: ignore[type-var]  # it needs `write` only
    monkeypatch.setattr(sys, stream, unbuffered)
    configure()
    log: Any = structlog.get_logger()
    log.error("job_failed")
    log.error("job_failed")
    assert len(writes.seen) == 2
    assert all(one.endswith(b"\n") for one in writes.seen)


def test_a_line_for_people_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    service("console")()
    log: Any = structlog.get_logger()
    log.warning("request_failed", path="/\x1b]0;PWNED\x07\x9b2J")
    shown = capsys.readouterr().out
    assert r"\x1b]0;PWNED\x07\x9b2J" in shown
    assert "\x1b]" not in shown
