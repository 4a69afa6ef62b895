"""The result file: each row as it was measured last, a piece of the fuzz for each seed."""

import json
from pathlib import Path

from benchmarks.hostile.verdict import RowFigures
from benchmarks.latency import machine
from benchmarks.results import FOLDER, now, save


def keep(name: str, figures: RowFigures, seed: int, folder: Path = FOLDER) -> None:
    """Put a row into *folder*/*name*.json, in place of an earlier measurement of the same row."""
    file = folder / f"{name}.json"
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"] if file.exists() else []
    row = {**figures.as_json(), "seed": seed if figures.sent.get("messages") else 0, "when": now()}
    rows = [known for known in rows if _key(known) != _key(row)] + [row]
    rows.sort(key=_key)
    save(
        name,
        folder,
        machine=machine(),
        held=sum(not entry["wrong"] for entry in rows),
        of=len(rows),
        messages=sum(entry["sent"].get("messages", 0) for entry in rows),
        rows=rows,
    )


def _key(row: dict[str, object]) -> tuple[str, ...]:
    return str(row["row"]), str(row["source"]), f"{row['seed']:06}"
