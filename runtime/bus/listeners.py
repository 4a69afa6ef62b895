"""Calls the functions that follow a connection; one that fails keeps nothing from the others."""

from collections.abc import Callable, Iterable
from typing import ParamSpec

import structlog

log = structlog.get_logger(__name__)
P = ParamSpec("P")


def call_each(listeners: Iterable[Callable[P, None]], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call each of *listeners*, which may leave meanwhile; log the error of one that fails."""
    for listener in tuple(listeners):
        try:
            listener(*args, **kwargs)
        except Exception:  # it is logged, and the others must be called
            log.exception("listener_failed")
