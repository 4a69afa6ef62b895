"""`aura workers` against a running Aura: for people, for scripts, and until Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import subprocess

import pytest

from tests import forked_commands
from tests.aura_process import COMMAND, AuraProcess

ROLES = ["edge", "stt", "llm", "tool", "tts"]


def workers(aura: AuraProcess, *options: str) -> subprocess.CompletedProcess[str]:
    env = {**aura.env, "NATS_URL": aura.nats_url, "COLUMNS": "120"}
    return forked_commands.aura("workers", *options, env=env)


def test_scripts_get_one_json_object(simulated: AuraProcess) -> None:
    asyncio.run(simulated.until_nobody_calls())
    done = workers(simulated, "--json")
    assert done.returncode == 0, done.stderr
    look = json.loads(done.stdout)
    assert [row["role"] for row in look["workers"]] == ROLES
    assert [stage["stage"] for stage in look["stages"]] == ROLES[1:]
    llm = look["workers"][2]
    assert "simulated" in llm["model"]
    assert llm["slots"] >= 1
    assert llm["done_per_s"] == 0.0
    assert all(stage["asked"] >= 1 for stage in look["stages"]), "workers wait for jobs"


@pytest.mark.parametrize("option", [["--once"], []], ids=["asked for one", "into a pipe"])
def test_people_get_a_table(simulated: AuraProcess, option: list[str]) -> None:
    done = workers(simulated, *option)
    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert "WAITING" in said
    assert [line.split()[0] for line in said.splitlines() if line.split()][1:6] == ROLES


def test_ctrl_c_ends_the_live_view_well(simulated: AuraProcess) -> None:
    terminal, its_end = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "workers"],
        env={**simulated.env, "NATS_URL": simulated.nats_url},
        stdout=its_end,
        stderr=subprocess.PIPE,
    )
    os.close(its_end)
    said = b""
    while said.count(b"WAITING") < 2:  # it was drawn again
        said += os.read(terminal, 4096)
    process.send_signal(signal.SIGINT)
    while said := _rest(terminal):
        pass
    _, error = process.communicate(timeout=10)
    assert process.returncode == 0, error


def _rest(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end was closed
        return b""


def test_without_a_bus_it_says_what_to_do(simulated: AuraProcess) -> None:
    env = {**simulated.env, "NATS_URL": "nats://127.0.0.1:1"}
    done = subprocess.run(
        [*COMMAND, "workers", "--once"],
        env=env,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("aura: no NATS server answers")
