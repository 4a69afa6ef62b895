"""Plots as SVG text: lines over time, bars over time, bars side by side. Pure.

Values may be None (nothing there); hovering a mark says its value.
"""

import math
from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 76, 22, 44, 34
INNER_W, INNER_H = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
COLOURS = ("#2563eb", "#d97706", "#dc2626", "#059669", "#7c3aed", "#64748b")
DASHES = ("", "7 4", "2 4")
"""Of lines, which may run on top of each other."""
LEAST_TICKS = 4
"""The least parts of an axis."""

Series = tuple[str, Sequence[float | None]]


def ticks(top: float, *, whole: bool = False) -> list[float]:
    """Return round numbers from 0 to at least *top*, integers where only *whole* ones can be."""
    if top <= 0:
        return [0.0, 1.0]
    raw = max(top / LEAST_TICKS, 1.0) if whole else top / LEAST_TICKS
    unit = 10.0 ** math.floor(math.log10(raw))
    steps = (unit * k for k in (1, 2, 2.5, 5, 10))
    step = next(s for s in steps if s >= raw * 0.999999 and not (whole and s % 1))
    return [step * k for k in range(math.ceil(top / step - 1e-9) + 1)]


def lines(labels: Sequence[str], series: Sequence[Series], unit: str) -> str:
    """Return a line a series over *labels*; a gap where there is no value."""
    top = ticks(max((v for _, values in series for v in values if v is not None), default=0.0))
    parts = [_axes(labels, top, unit)]
    for number, (name, values) in enumerate(series):
        colour = COLOURS[number]
        points = [
            None if v is None else (_x(k, len(labels)), _y(v, top[-1]))
            for k, v in enumerate(values)
        ]
        for run in _runs(points):
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
            parts.append(
                f'<polyline points="{path}" fill="none" stroke="{colour}" '
                f'stroke-dasharray="{DASHES[number % len(DASHES)]}"/>'
            )
        # where two series meet, their marks are rings around each other
        for point, value, label in zip(points, values, labels, strict=True):
            if point and value is not None:
                parts.append(
                    f'<circle cx="{point[0]:.1f}" cy="{point[1]:.1f}" r="{3 + 3 * number}" '
                    f'stroke="{colour}" fill="{"transparent" if number else colour}">'
                    f"<title>{escape(f'{label} {name}: {_number(value)} {unit}')}</title></circle>"
                )
    return _svg(parts, [name for name, _ in series], dashed=True)


def stacked(
    labels: Sequence[str], series: Sequence[Series], unit: str, *, counts: bool = True
) -> str:
    """Return a bar a label, the series on top of each other; *counts* are whole numbers."""
    sums = [sum(values[at] or 0.0 for _, values in series) for at in range(len(labels))]
    top = ticks(max(sums, default=0.0), whole=counts)
    wide = max(2.0, INNER_W / max(1, len(labels)) * 0.7)
    parts = [_axes(labels, top, unit)]
    for at, label in enumerate(labels):
        base = 0.0
        for colour, (name, values) in zip(COLOURS, series, strict=False):
            value = values[at] or 0.0
            if value <= 0:
                continue
            upper, lower = _y(base + value, top[-1]), _y(base, top[-1])
            left = _x(at, len(labels)) - wide / 2
            parts.append(
                f'<rect x="{left:.1f}" y="{upper:.1f}" width="{wide:.1f}" '
                f'height="{lower - upper:.1f}" fill="{colour}">'
                f"<title>{escape(f'{label} {name}: {_number(value)} {unit}')}</title></rect>"
            )
            base += value
    return _svg(parts, [name for name, _ in series])


def _svg(parts: Sequence[str], names: Sequence[str], *, dashed: bool = False) -> str:
    legend = "".join(
        f"<li>{_sample(k, dashed=dashed)}{escape(n)}</li>" for k, n in enumerate(names)
    )
    legend = f'<ul class="legend">{legend}</ul>' if len(names) > 1 else ""
    drawn = "".join(parts)
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" stroke-width="2">{drawn}</svg>{legend}'


def _sample(number: int, *, dashed: bool) -> str:
    """Return what a series looks like, for the legend."""
    colour, dash = COLOURS[number], DASHES[number % len(DASHES)]
    if not dashed:
        return f'<i style="background:{colour}"></i>'
    return (
        '<svg class="line" viewBox="0 0 30 10" stroke-width="2">'
        f'<path d="M0 5h30" stroke="{colour}" stroke-dasharray="{dash}"/></svg>'
    )


def _axes(labels: Sequence[str], top: Sequence[float], unit: str) -> str:
    parts = []
    for value in top:
        y = _y(value, top[-1])
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
            f'<text x="{LEFT - 6}" y="{y + 6:.1f}" text-anchor="end">{_number(value)}</text>'
        )
    every = max(1, math.ceil(len(labels) / 6))
    parts += [
        f'<text x="{_x(k, len(labels)):.1f}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(labels[k])}</text>"
        for k in range(0, len(labels), every)
    ]
    parts.append(f'<text x="0" y="20">{escape(unit)}</text>')
    return "".join(parts)


def _runs(
    points: Sequence[tuple[float, float] | None],
) -> list[list[tuple[float, float]]]:
    """Return the stretches without a gap."""
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if len(run) > 1]


def _x(k: int, count: int) -> float:
    return LEFT + INNER_W * (k + 0.5) / max(1, count)


def _y(value: float, top: float) -> float:
    return TOP + INNER_H * (1 - value / top)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
