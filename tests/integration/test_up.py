"""`aura up` as an operator meets it: starts, stops, restarts what died, says what is wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil

from schemas.stages import STAGE_NAMES
from tests import forked_commands
from tests.aura_process import FRESH, SIMULATED, AuraProcess, alive


def gone(pids: list[int], seconds: float = 15) -> bool:
    until = time.monotonic() + seconds
    while any(alive(pid) for pid in pids):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def test_ctrl_c_ends_it_as_well(tmp_path: Path) -> None:
    aura = AuraProcess(tmp_path, env=SIMULATED).wait_until_ready()
    children = aura.children()
    aura.process.send_signal(signal.SIGINT)
    assert aura.process.wait(30) == 0
    assert gone(list(children.values()), 0)


def test_no_child_outlives_a_killed_parent(tmp_path: Path) -> None:
    aura = AuraProcess(tmp_path, env=SIMULATED, command=FRESH).wait_until_ready()
    children = aura.children()
    aura.process.kill()
    aura.process.wait()
    assert gone(list(children.values()))


def test_a_child_that_dies_is_restarted_and_sigterm_ends_every_child(tmp_path: Path) -> None:
    aura = AuraProcess(tmp_path, env=SIMULATED).wait_until_ready()
    try:
        workers = {f"worker {stage}" for stage in STAGE_NAMES}
        assert set(aura.children()) == {"nats-server", "edge", *workers}
        for role in ("worker stt", "edge", "nats-server"):
            before = aura.children()[role]
            os.kill(before, signal.SIGKILL)
            aura.wait_for("killed by SIGKILL")
            until = time.monotonic() + 20
            while aura.children().get(role, before) == before and time.monotonic() < until:
                time.sleep(0.05)
            assert aura.children()[role] != before
        until = time.monotonic() + 20
        while aura.health()[0] != 200 and time.monotonic() < until:
            time.sleep(0.2)
        assert aura.health()[0] == 200
        assert aura.said().count("starting it again in") == 3
        children = aura.children()
    finally:
        assert aura.stop() == 0
    assert gone(list(children.values()), 0)
    assert "Aura has stopped." in aura.said()
    assert not (aura.data / "up.json").exists()


def test_a_port_or_a_folder_in_use_is_one_clear_line(
    simulated: AuraProcess, tmp_path: Path
) -> None:
    second = AuraProcess(tmp_path / "b", env={**SIMULATED, "PORT": str(simulated.port)})
    assert second.process.wait(20) == 78
    assert second.said().startswith(f"aura: PORT {simulated.port} on 127.0.0.1 cannot be used")
    assert len(second.said().strip().splitlines()) == 1
    there = {"AURA_DATA_DIR": str(simulated.data)}
    third = AuraProcess(tmp_path / "c", env={**SIMULATED, **there})
    assert third.process.wait(20) == 78
    assert "AURA_DATA_DIR" in third.said()
    assert simulated.health()[0] == 200


def test_two_auras_do_not_disturb_each_other(simulated: AuraProcess, tmp_path: Path) -> None:
    other = AuraProcess(tmp_path, env=SIMULATED).wait_until_ready()
    assert other.nats_url != simulated.nats_url
    assert other.stop() == 0
    assert simulated.health()[0] == 200


def test_a_forked_aura_starts_forks(simulated: AuraProcess) -> None:
    """Else each of its processes would import everything again, which takes most of a test run."""
    up = forked_commands.pid_behind(simulated.process.pid)
    children = [" ".join(one.cmdline()) for one in psutil.Process(up).children()]
    roles = [one for one in children if "nats-server" not in one]
    assert len(roles) == 1 + len(STAGE_NAMES)
    assert all(forked_commands.is_relay(one) for one in roles), roles


def run(tmp_path: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "AURA_DATA_DIR": str(tmp_path / "d"), **env}
    return forked_commands.aura(*arguments, env=env)


def test_a_missing_key_stops_everything_with_the_way_out(tmp_path: Path) -> None:
    aura = AuraProcess(tmp_path, env={**SIMULATED, "AURA_LLM_ENGINE": "cerebras"})
    assert aura.process.wait(60) != 0
    assert "CEREBRAS_API_KEY" in aura.said()
    assert "Traceback" not in aura.said()


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    for stage, name in (("stt", "AURA_STT_MODEL"), ("tts", "AURA_TTS_VOICE")):
        done = run(tmp_path, "worker", stage, NATS_URL="nats://127.0.0.1:1", **{name: "/no/such"})
        assert done.returncode == 78, done.stderr
        assert name in done.stderr
        assert "Traceback" not in done.stdout + done.stderr


def test_no_bus_is_said_with_the_setting(tmp_path: Path) -> None:
    done = run(tmp_path, "edge", NATS_URL="nats://127.0.0.1:1", PORT="0")
    assert done.returncode == 1
    assert "NATS_URL" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_setting_of_a_wrong_kind_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, "up", PORT="eight")
    assert done.returncode == 78
    assert done.stderr.startswith("aura: PORT: ")


def test_a_file_that_is_no_audio_is_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / "song.wav"
    file.write_bytes(b"not a song")
    done = run(tmp_path, "call", str(file))
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [
        f"aura: {file} is not a recording: expected a WAV, which begins with RIFF....WAVE"
    ]
    assert (
        run(tmp_path, "call", str(tmp_path / "none.wav"))
        .stderr.strip()
        .endswith("No such file or directory")
    )
