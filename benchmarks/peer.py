"""The peer (Pipecat) on the same recordings; its harness is outside this repository.

Without it, the measurements say so and go on with Aura alone.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.recordings import SHARED, spoken
from runtime.audio.conversion import write_wav

HARNESS = SHARED / "peer"
VENV = Path(os.environ.get("AURA_BENCH_PEER_VENV") or Path(__file__).parent / ".peer-venv")
NAMES = {0: "Pipecat, defaults", 1: "Pipecat, tuned", 2: "Pipecat, tuned, 15 s Whisper window"}


def missing() -> str:
    """Return why the peer cannot run here; empty: it can, and is installed now if necessary."""
    if not HARNESS.exists():
        return f"the peer's harness is not here ({HARNESS}): ratios against it are left out"
    python = VENV / "bin" / "python"
    if not python.exists():
        print("Installing the peer into its own environment (some minutes) ...", flush=True)
        requirements = str(HARNESS / "requirements.txt")
        for command in (
            [sys.executable, "-m", "venv", str(VENV)],
            [str(python), "-m", "pip", "install", "-q", "-U", "pip"],
            [str(python), "-m", "pip", "install", "-q", "-r", requirements],
        ):
            if subprocess.run(command, check=False).returncode:
                return "the peer could not be installed: ratios against it are left out"
    return ""


def latency(
    tune: int, sounds: Mapping[str, bytes], rounds: int, *, warm_up: bool = True
) -> list[dict[str, Any]]:
    """Return the peer's turns, one dictionary each, times in ms after the end of speech.

    It is asked *sounds* (s16le mono 16 kHz) by name. The harness asks two more rounds, which count
    without *warm_up*.
    """
    with tempfile.TemporaryDirectory(prefix="aura-peer-") as folder:
        label, wavs = f"tune{tune}", [Path(folder) / f"{name}.wav" for name in sounds]
        for wav, pcm in zip(wavs, sounds.values(), strict=True):
            wav.write_bytes(write_wav(pcm))
        venv_path = f"{VENV / 'bin'}:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": venv_path, "LAB_OUT": folder}
        script = (
            f". {HARNESS / 'env.sh'} {':'.join(map(str, wavs))} && "
            f"export LAB_OUT={folder}/results LAB_PY={VENV / 'bin' / 'python'} && "
            f"{HARNESS / 'run_latency.sh'} {label} {tune} {rounds}"
        )
        process = subprocess.Popen(
            ["bash", "-c", script],
            env=environment,
            cwd=HARNESS,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(timeout=900)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        results = json.loads((Path(folder) / "results" / f"latency_{label}.json").read_text())
    return [_turn(run) for run in results["runs"] if run["rep"] >= 0 or not warm_up]


def _turn(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return the times of a turn that the harness has measured, ms after the end of speech."""
    return {
        "first_audible_ms": _ms(run["first_audible"]),
        "first_audio_ms": _ms(run["first_audio_at_client"]),
        "transcript_ms": _ms(run["final_transcript"]),
        "first_token_ms": _ms(run["llm_first_token"]),
        "wav": run["wav"],
        "inside": bool(run["stale_audio"]),
    }


def overhead(calls: int = 1) -> dict[str, Any]:
    """Return the cost of the peer's framework in a turn with the same simulated engines, ms.

    The harness measures as `benchmarks.bus` does: from the frame at which the peer detects the end
    of speech, less the delays of the engines.
    """
    with tempfile.TemporaryDirectory(prefix="aura-peer-") as folder:
        wav = Path(folder) / "question.wav"
        wav.write_bytes(write_wav(spoken()["u1"]))  # its detector does not take a buzz for speech
        environment = {
            **os.environ,
            "PATH": f"{VENV / 'bin'}:{os.environ['PATH']}",
            "LAB_OUT": folder,
        }
        script = (
            f". {HARNESS / 'env.sh'} {wav} && export LAB_OUT={folder} LAB_UTT={wav} && "
            f"{VENV / 'bin' / 'python'} {HARNESS / 'density.py'} beside {calls} --vad silero "
            "--turn smart"
        )
        subprocess.run(["bash", "-c", script], env=environment, cwd=HARNESS, check=True)
        (run,) = json.loads((Path(folder) / "density_beside.json").read_text())["runs"]
    return {"turns": run["replies"], "missing": run["missing"], **run["overhead_ms"]}


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000
