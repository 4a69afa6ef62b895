"""Garbage-collector settings."""

import gc

NEW_OBJECTS = 10_000
"""Allocations between two collections; Python's default of 700 is reached every few frames."""


def settle() -> None:
    """Exempt all objects that exist now from collection: libraries, models, settings.

    Scanning them stops the process for 40 to 60 ms, which delays responses.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 10, 10)
