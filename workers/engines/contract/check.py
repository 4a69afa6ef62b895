"""The error of checks, and the checks of all engines."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

Check = Callable[[Any], Awaitable[None] | None]


class ContractError(AssertionError):
    """An engine breaks the contract; the message says how."""


def expect(true: object, message: str) -> None:
    if not true:
        raise ContractError(message)


def has_a_name(engine: Any) -> None:
    expect(isinstance(engine.name, str) and engine.name, "`name` is a text that is not empty")


def can_be_warmed(engine: Any) -> None:
    warmed = engine.warm()
    if inspect.iscoroutine(warmed):
        warmed.close()
        raise ContractError("`warm` is blocking here, not async: a thread calls it")
