"""`aura talk` with a sound card of the test's own, and `aura call --say`, against a real edge."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from runtime.audio.resampling import Resampler
from tests import forked_commands
from tests.aura_process import COMMAND, AuraProcess
from tests.caller import buzz, silence

CARD = Path(__file__).parent / "sound_card"
QUESTION = buzz(900)


def talks(aura: AuraProcess, folder: Path, *more: str, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "talk", "--url", aura.url, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "AURA_DATA_DIR": str(folder),
            "FAKE_LOUDSPEAKER": str(folder / "heard.pcm"),
            "PYTHONPATH": f"{CARD}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
            **env,
        },
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # no other thread runs Python code meanwhile
    )


def loud_s(file: Path, rate_hz: int) -> float:
    """Return how many seconds of the s16le mono *file* are no silence."""
    if not file.exists():
        return 0.0
    samples = np.abs(np.frombuffer(file.read_bytes()[: file.stat().st_size // 2 * 2], "<i2"))
    each = rate_hz // 50
    frames = samples[: samples.size // each * each].reshape(-1, each)
    return float((frames.max(axis=1) > 300).sum() / 50) if frames.size else 0.0


@pytest.mark.parametrize("rate_hz", [16_000, 48_000])
def test_a_spoken_question_is_answered_at_the_loudspeaker_and_ctrl_c_hangs_up(
    simulated: AuraProcess, tmp_path: Path, rate_hz: int
) -> None:
    spoken = np.frombuffer(silence(500) + QUESTION, "<i2").astype(np.int16)
    microphone = tmp_path / "speech.pcm"
    microphone.write_bytes(Resampler(16_000, rate_hz).feed(spoken, last=True).tobytes())
    talk = talks(
        simulated,
        tmp_path,
        "--no-greeting",
        FAKE_MICROPHONE=str(microphone),
        FAKE_RATE=str(rate_hz),
    )
    until = time.monotonic() + 30
    while loud_s(tmp_path / "heard.pcm", rate_hz) < 0.3 and time.monotonic() < until:
        time.sleep(0.1)
        assert talk.poll() is None, talk.communicate()
    so_far_s = 0.0
    while (heard_s := loud_s(tmp_path / "heard.pcm", rate_hz)) > so_far_s:
        so_far_s = heard_s
        time.sleep(1.5)  # the waterfall comes with the end of the answer
    talk.send_signal(signal.SIGINT)
    said, wrong = talk.communicate(timeout=30)
    assert (talk.returncode, wrong) == (0, ""), said
    assert "You   Hello, how are you today?" in said
    assert "\nAura  " in said
    assert "first audio sent" in said
    assert loud_s(tmp_path / "heard.pcm", rate_hz) >= 0.3


@pytest.mark.parametrize(
    ("env", "advice"),
    [
        (
            {},
            "no microphone is found (Error querying device -1): plug one in, or talk in a browser",
        ),
        (
            {"FAKE_MICROPHONE": "/dev/null", "AURA_DEMO_TOKEN": "wrong"},
            "the token or the agent was",
        ),
    ],
)
def test_what_is_missing_is_one_line_of_advice(
    simulated: AuraProcess, tmp_path: Path, env: dict[str, str], advice: str
) -> None:
    talk = talks(simulated, tmp_path, **env)
    _, wrong = talk.communicate(timeout=30)
    assert talk.returncode == 1
    assert len(wrong.splitlines()) == 1
    assert advice in wrong


def test_without_the_library_it_says_how_to_get_it(tmp_path: Path) -> None:
    for broken, advice in (
        ("raise ModuleNotFoundError(name='sounddevice')", "[talk]'"),
        ("raise OSError('PortAudio library not found')", "apt-get install libportaudio2"),
    ):
        (tmp_path / "sounddevice.py").write_text(broken, encoding="utf-8")
        path = f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
        done = subprocess.run(
            [*COMMAND, "talk"],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 1
        assert advice in done.stderr
        assert len(done.stderr.splitlines()) == 1


def asks(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "AURA_DATA_DIR": str(folder)}
    return forked_commands.aura("call", "--out", str(folder / "answer.wav"), *arguments, env=env)


def test_words_are_said_in_auras_own_voice(simulated: AuraProcess, tmp_path: Path) -> None:
    done = asks("--say", "What is the time?", "--url", simulated.url, "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["transcript"] == "Hello, how are you today?"
    assert told["audio_s"] > 0.3
    assert "first_sent_ms" in told["steps_ms"]
    shown = asks("--say", "And now?", "--url", simulated.url, folder=tmp_path)
    assert "heard at this end" in shown.stdout
    assert "answer.wav (" in shown.stdout


def test_what_cannot_be_said_is_one_line(simulated: AuraProcess, tmp_path: Path) -> None:
    for arguments, advice in (
        ((), "QUESTION.wav, or --say WORDS"),
        (("q.wav", "--say", "words"), "QUESTION.wav, or --say WORDS"),
        (("--say", "a", "--token", "wrong", "--url", simulated.url), "the token was refused"),
        (("--say", "a", "--url", "http://127.0.0.1:1"), "start one with `aura up`"),
        (("--say", " ", "--url", simulated.url), "--say:"),
    ):
        done = asks(*arguments, folder=tmp_path)
        assert (done.returncode, advice in done.stderr) == (1, True), done.stderr
        assert len(done.stderr.splitlines()) == 1
