"""Garbage-collector settings."""

from __future__ import annotations

import gc

NEW_OBJECTS = 10_000
"""Allocations between two collections; Python's own 700 are a few frames of audio."""


def settle() -> None:
    """Exempt all objects that are loaded by now: libraries, models, settings.

    A collection of them stops the process for 40 to 60 ms, and delays its responses.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 10, 10)
