"""The trade-off of turn-taking as an SVG picture: how soon against how often too soon."""

from typing import Any

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 360, 64, 48, 24, 170


def cut_ins(found: dict[str, Any]) -> str:
    """Return the picture of benchmarks/results/cut_ins.json; each row is a point."""
    rows = found["rows"]
    longest = 500 * (int(max(row["p50_ms"] for row in rows)) // 500 + 1)
    shares = [100 * row["cut_in"] / row["sentences"] for row in rows]
    highest = 20 * (int(max(shares)) // 20 + 1)

    def x(ms: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * ms / longest

    def y(percent: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * percent / highest

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12" fill="#333">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for percent in range(0, highest + 1, 20):
        parts += [
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(percent):.0f}" y2="{y(percent):.0f}" '
            'stroke="#ddd"/>',
            f'<text x="{LEFT - 8}" y="{y(percent) + 4:.0f}" text-anchor="end">{percent} %</text>',
        ]
    for ms in range(0, longest + 1, 500):
        parts.append(
            f'<text x="{x(ms):.0f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{ms} ms</text>'
        )
    parts += [
        f'<text x="{LEFT}" y="14">sentences with a pause inside that were answered inside</text>',
        f'<text x="{(WIDTH - RIGHT + LEFT) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">'
        "end of speech to first audible audio, p50</text>",
    ]
    points = [
        (row["who"], x(row["p50_ms"]), y(share)) for row, share in zip(rows, shares, strict=True)
    ]
    own = " ".join(f"{px:.0f},{py:.0f}" for who, px, py in points if who.startswith("Aura"))
    parts.append(f'<polyline points="{own}" fill="none" stroke="#0b6e4f" stroke-width="2"/>')
    return "\n".join([*parts, *_labelled(points), "</svg>"]) + "\n"


def _labelled(points: list[tuple[str, float, float]]) -> list[str]:
    """Return the points with their names, none of which covers another."""
    parts: list[str] = []
    labelled: list[tuple[float, float]] = []
    for who, px, py in points:
        colour = "#0b6e4f" if who.startswith("Aura") else "#b3541e"
        at = py - 7
        while any(
            abs(px - x_there) < 90 and abs(at - y_there) < 14 for x_there, y_there in labelled
        ):
            at -= 16
        labelled.append((px, at))
        parts += [
            f'<circle cx="{px:.0f}" cy="{py:.0f}" r="5" fill="{colour}"/>',
            f'<text x="{px + 9:.0f}" y="{at:.0f}" fill="{colour}">{who}</text>',
        ]
    return parts
