"""Result files of the measurements."""

import json
import os
import time
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("AURA_BENCH_RESULTS") or Path(__file__).parent / "results")


def save(name: str, folder: Path = FOLDER, /, **figures: Any) -> None:
    """Write *folder*/<name>.json."""
    folder.mkdir(parents=True, exist_ok=True)
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    text = json.dumps({"when": when, **figures}, indent=1)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
