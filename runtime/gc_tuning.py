"""What Python's collector of cycles need not look at."""

from __future__ import annotations

import gc

NEW_OBJECTS = 10_000
"""Between two looks at the youngest objects; Python's own 700 are a few frames of sound."""


def settle() -> None:
    """Take all that is loaded by now for permanent: libraries, models, settings.

    Looking through it takes 40 to 60 ms, in which nothing else happens: an answer that falls into
    that time is late.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 10, 10)
