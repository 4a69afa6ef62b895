"""Each callback of a connection is called, whatever the others do."""

from __future__ import annotations

from collections.abc import Callable

from structlog.testing import capture_logs

from runtime.bus.callbacks import call_each


def test_the_error_of_one_is_logged_and_the_others_are_called() -> None:
    told: list[bool] = []

    def breaks(_: bool) -> None:
        raise KeyError("one call")

    with capture_logs() as logs:
        call_each([told.append, breaks, told.append], True)
    assert told == [True, True]
    assert [line["event"] for line in logs] == ["callback_failed"]


def test_one_that_leaves_while_it_is_called_keeps_nothing_from_the_next() -> None:
    told: list[str] = []
    callbacks: list[Callable[[], None]] = []

    def leaves() -> None:
        callbacks.remove(leaves)

    callbacks += [leaves, lambda: told.append("next")]
    call_each(callbacks)
    assert told == ["next"]
    assert len(callbacks) == 1
