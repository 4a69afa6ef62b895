"""Percentiles, and the bounds of a share. Pure."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def spread(values_ms: Sequence[float]) -> dict[str, Any]:
    """Return p50 and p95, each with its 95 % bounds."""
    if not values_ms:
        return {"n": 0}
    rng = np.random.default_rng(1)
    drawn = rng.choice(np.asarray(values_ms), (2000, len(values_ms)))
    figures: dict[str, Any] = {"n": len(values_ms)}
    for percent in (50, 95):
        low, high = np.percentile(np.percentile(drawn, percent, axis=1), (2.5, 97.5))
        figures[f"p{percent}_ms"] = round(float(np.percentile(values_ms, percent)))
        figures[f"p{percent}_bounds_ms"] = [round(float(low)), round(float(high))]
    return figures


def share(count: int, of: int) -> dict[str, Any]:
    """Return *count* of *of*, with Wilson's 95 % bounds of the share."""
    if not of:
        return {"count": 0, "of": 0}
    z, p = 1.96, count / of
    middle = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z * np.sqrt(p * (1 - p) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    bounds = [round(100 * max(0.0, float(middle - half)), 1), round(100 * float(middle + half), 1)]
    return {"count": count, "of": of, "percent_bounds": bounds}
