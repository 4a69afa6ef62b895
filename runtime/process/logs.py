"""Logging by structlog, configured once in each process, without spoken words or secrets."""

import logging
import sys
from typing import TextIO

import structlog

from runtime.process.tracebacks import traceback_of
from runtime.settings import Settings
from runtime.text.printable import printable

FACTS: tuple[structlog.typing.Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)
"""The fields of every line."""
WITHOUT_MESSAGES = structlog.processors.ExceptionRenderer(
    lambda raised: traceback_of(raised[1]) if raised and raised[1] else ""
)
"""Renders errors without their messages and local variables, which may hold a caller's words."""


def configure(settings: Settings, role: str) -> None:
    """Send this process's log to stdout, as text for people or JSON for machines."""
    as_json = settings.log_format == "json" or (
        settings.log_format == "auto" and not sys.stdout.isatty()
    )
    level = logging.getLevelNamesMapping()[settings.log_level]
    _write_lines(sys.stdout, level, as_json=as_json, cached=True)
    structlog.contextvars.bind_contextvars(role=role)
    # Libraries log only warnings, since their other lines hold URLs and prompts.
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(_without_what_was_sent)
    logging.basicConfig(
        level=logging.WARNING, handlers=[handler], format="%(name)s %(message)s", force=True
    )


def configure_command(level: int) -> None:
    """Send the log of a command to stderr, from *level* on, since stdout holds its result."""
    _write_lines(sys.stderr, level)


def _write_lines(out: TextIO, level: int, *, as_json: bool = False, cached: bool = False) -> None:
    """Send lines from *level* on to *out*; *cached*: no later call may change it."""
    structlog.configure(
        processors=[*FACTS, WITHOUT_MESSAGES, structlog.processors.JSONRenderer()]
        if as_json
        else [
            *FACTS,
            _fit_for_a_terminal,
            WITHOUT_MESSAGES,
            structlog.dev.ConsoleRenderer(colors=out.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=cached,
    )


def _fit_for_a_terminal(
    _logger: object, _name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Escape control characters in a line, so that quoted text cannot command the terminal."""
    return {k: printable(v) if isinstance(v, str) else v for k, v in event.items()}


def _without_what_was_sent(record: logging.LogRecord) -> bool:
    """Reduce a library's record to its fixed text and the type of its error.

    Its arguments may hold data: aiohttp quotes the query of malformed requests, others quote
    prompts.
    """
    error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
    record.msg, record.args = f"{record.msg} {error}".rstrip(), ()
    record.exc_info, record.exc_text = None, None
    return True
