"""Garbage collection leaves alone what exists when a process begins its work."""

import gc
from collections.abc import Iterator

import pytest

from runtime.process.gc_tuning import (
    NEW_OBJECTS,
    OLD_COLLECTIONS,
    YOUNG_COLLECTIONS,
    freeze_objects,
)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


class _Ring:
    """An object that only the collector can free."""

    def __init__(self) -> None:
        self.own = self


def test_what_exists_is_not_scanned_again_and_later_garbage_is_still_freed() -> None:
    gone = _Ring()
    del gone
    before = gc.get_freeze_count()
    freeze_objects()
    assert gc.get_freeze_count() > before
    assert gc.get_threshold() == (NEW_OBJECTS, YOUNG_COLLECTIONS, OLD_COLLECTIONS)
    assert not any(isinstance(item, _Ring) for item in gc.get_objects())
    later = _Ring()
    del later
    assert gc.collect() >= 1
