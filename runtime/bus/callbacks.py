"""Calls the callbacks of a connection; the error of one does not stop the others."""

from collections.abc import Callable, Iterable
from typing import ParamSpec

import structlog

log = structlog.get_logger(__name__)
P = ParamSpec("P")


def call_each(callbacks: Iterable[Callable[P, None]], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call each of *callbacks*, which may leave meanwhile; log the error of one that fails."""
    for callback in tuple(callbacks):
        try:
            callback(*args, **kwargs)
        except Exception:  # it is logged, and the others must be called
            log.exception("callback_failed")
