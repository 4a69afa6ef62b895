"""What a user installs: the built wheel, in a clean environment, started from another folder."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

from edge.door.http.pages import PAGE_FILES
from tests.aura_process import SIMULATED, AuraProcess

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(400)
def test_the_wheel_runs_from_another_folder(tmp_path: Path) -> None:
    out = tmp_path / "dist"
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-q", "-w", str(out), str(ROOT))
    (wheel,) = out.glob("aura_voice-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "deploy/nats/streams/AURA_EVENTS.json" in names
    assert {f"edge/pages/{name}" for name in ("index.html", *PAGE_FILES)} <= set(names)
    outside = ("nats/", "tests/", "benchmarks/", "clients/")
    assert not [name for name in names if name.startswith(outside)]

    env = tmp_path / "env"
    run(sys.executable, "-m", "venv", "--without-pip", str(env))
    pip = (sys.executable, "-m", "pip", "--python", str(env / "bin" / "python"))
    run(*pip, "install", "-q", "--no-compile", f"{wheel}[server]")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    missing = subprocess.run(
        [str(env / "bin" / "aura"), "worker", "stt"],
        cwd=elsewhere,
        env={**os.environ, "NATS_URL": "nats://127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "-m pip install '" in missing.stderr
    assert ".whl[stt]'" in missing.stderr

    aura = AuraProcess(
        tmp_path / "run", env=SIMULATED, command=(str(env / "bin" / "aura"),), cwd=elsewhere
    )
    try:
        aura.wait_until_ready()
        assert aura.health()[0] == 200
        with urllib.request.urlopen(f"{aura.url}/talk/aura.js", timeout=5) as answer:  # noqa: S310  # ours
            assert answer.status == 200
    finally:
        assert aura.stop() == 0


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
