"""Garbage-collector settings."""

import gc

NEW_OBJECTS, YOUNG_COLLECTIONS, OLD_COLLECTIONS = 5_000, 1, 50
"""The thresholds of the three generations. Python's default of 700 new objects is reached every few
frames. A hundred new calls at once are 40,000 objects: their collection stops the process for 10
ms, and with 10,000 and 2 for 40 ms. The oldest generation is seldom collected, since calls leave no
reference cycles."""


def freeze_objects() -> None:
    """Exempt all objects that exist now from collection: libraries, models, settings.

    Scanning them stops the process for 40 to 60 ms, which delays responses.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, YOUNG_COLLECTIONS, OLD_COLLECTIONS)
