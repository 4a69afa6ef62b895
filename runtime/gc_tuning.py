"""Garbage-collector settings."""

import gc

NEW_OBJECTS, YOUNG = 10_000, 2
"""Allocations between two collections, as Python's default of 700 is reached every few frames; and
every which of them is one of what the ones before it left, a hundred ended calls perhaps: with
Python's default of 10 it stopped the process for 110 ms."""


def settle() -> None:
    """Exempt all objects that exist now from collection: libraries, models, settings.

    Scanning them stops the process for 40 to 60 ms, which delays responses.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, YOUNG, 10)
