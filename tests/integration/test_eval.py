"""`aura eval` against a running Aura with simulated engines: it passes, fails, and says so."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests import forked_commands
from tests.aura_process import AuraProcess
from tests.caller import buzz, wav

SUITE = """
name: simulated
within_s: 4
scenarios:
  - name: an answer
    steps:
      - wav: voice.wav
        says: Hello, how are you today?
        expect: {transcript: {wer: 0}, answer: {contains: [word, done]}}
      - wav: voice.wav
        expect: {answer: {min_words: 5}}
  - name: an interruption
    steps:
      - wav: voice.wav
        expect: {answer: {contains: [Sure, word], min_words: 2}}
      - wav: voice.wav
        over_answer_s: 0.3
        expect: {interrupts: true, answer: {contains: [done]}}
  - name: a noise over the greeting
    greeting: true
    steps:
      - {noise: knock, over_answer_s: 0.5, expect: {ignored: true}}
"""
WRONG = """
name: wrong
scenarios:
  - name: too slow, and other words
    steps:
      - wav: voice.wav
        expect: {within_s: 0.01, transcript: {contains: [goodbye]}, interrupts: true}
  - name: never over
    limit_s: 1
    steps: [{wav: voice.wav}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "voice.wav").write_bytes(wav(buzz(900)))
    (tmp_path / "good.yaml").write_text(SUITE, encoding="utf-8")
    (tmp_path / "wrong.yaml").write_text(WRONG, encoding="utf-8")
    return tmp_path


def run(folder: Path, *arguments: str, url: str = "") -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "AURA_URL": url, "COLUMNS": "200"}
    return forked_commands.aura("eval", *arguments, env=env, cwd=folder, timeout=100)


def test_a_suite_that_holds_exits_0(simulated: AuraProcess, folder: Path) -> None:
    done = run(folder, "good.yaml", "--parallel", "3", "--junit", "j.xml", url=simulated.url)
    assert done.returncode == 0, done.stdout
    assert "3 of 3 scenarios passed" in done.stdout
    root = ElementTree.parse(folder / "j.xml").getroot()  # noqa: S314  # ours
    assert [case.get("name") for case in root.iter("testcase")] == [
        "an answer",
        "an interruption",
        "a noise over the greeting",
    ]
    assert not list(root.iter("failure"))


def test_a_suite_that_does_not_hold_exits_1_and_says_why(
    simulated: AuraProcess, folder: Path
) -> None:
    done = run(folder, "wrong.yaml", "--json", url=simulated.url)
    assert done.returncode == 1
    slow, endless = json.loads(done.stdout)
    said = "; ".join(slow["wrong"])
    for part in ("expected 0.01 s", "lacks 'goodbye'", "was not interrupted"):
        assert part in said
    assert endless["wrong"] == ["step 1: not over within 1 s"]
    assert "FAIL" in done.stderr


def test_some_scenarios_can_be_picked(simulated: AuraProcess, folder: Path) -> None:
    done = run(folder, "good.yaml", "--only", "noise", url=simulated.url)
    assert "1 of 1 scenarios passed" in done.stdout


def test_what_cannot_run_is_said_in_one_line(simulated: AuraProcess, folder: Path) -> None:
    for arguments, url, said in (
        (("gone.yaml",), simulated.url, "gone.yaml: No such file"),
        (("good.yaml", "--only", "nothing"), simulated.url, "no scenario"),
        (("good.yaml",), "http://127.0.0.1:1", "no edge answers"),
    ):
        done = run(folder, *arguments, url=url)
        assert done.returncode == 1
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
