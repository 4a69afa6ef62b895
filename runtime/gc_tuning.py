"""Garbage-collector settings."""

import gc

NEW_OBJECTS, YOUNG_COLLECTIONS, OLD_COLLECTIONS = 5_000, 1, 50
"""New objects until the youngest are collected, as Python's default of 700 is reached every few
frames; collections of these until those that survived one are collected; and collections of those
until all are. The calls of a hundred who come at once are 40,000 objects. With 10,000 and 2, their
collection stopped the process for 40 ms; so it does for 10 ms. What ends frees itself, without a
collection, so all are seldom collected."""


def settle() -> None:
    """Exempt all objects that exist now from collection: libraries, models, settings.

    Scanning them stops the process for 40 to 60 ms, which delays responses.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, YOUNG_COLLECTIONS, OLD_COLLECTIONS)
