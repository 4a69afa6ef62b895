"""Result files of the measurements."""

import json
import os
import time
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("AURA_BENCH_RESULTS") or Path(__file__).parent / "results")


def now() -> str:
    """Return the time, as result files have it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def save(name: str, folder: Path = FOLDER, /, **figures: Any) -> None:
    """Write *folder*/<name>.json."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"when": now(), **figures}, indent=1)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
