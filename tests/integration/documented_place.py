"""A folder as a reader of the docs has it, and an Aura beside it."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.aura_process import COMMAND, AuraProcess
from tests.caller import buzz, silence, wav
from tests.documents import ROOT, blocks

OPERATOR = "an operator's token of 32 characters or more"
SUITE = """
name: One
scenarios:
  - name: greeting
    steps: [{say: Hello., expect: {transcript: {contains: [hello]}}}]
"""


@dataclass
class Place:
    """A folder as a reader of the docs has it, beside a running Aura."""

    aura: AuraProcess
    folder: Path
    session: str = ""
    """One that is over."""
    calls: tuple[str, ...] = ()
    """Ids of two that go on."""

    def env(self) -> dict[str, str]:
        return {
            **self.aura.env,
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
            "AURA_OPERATOR_TOKEN": OPERATOR,
            "AURA_METRICS_PORT": "0",
            "AURA_WEBHOOK_URL": f"{self.aura.url}/nowhere",
            "AURA_WEBHOOK_SECRET": "whsec_" + "A" * 43 + "=",
            "NO_COLOR": "1",
        }

    def start(self, *argv: str) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            [*COMMAND, *argv], cwd=self.folder, env=self.env(), stdout=quiet, stderr=quiet
        )

    def typed(self, text: str) -> str:
        """Return *text* with the names of things that are here."""
        text = re.sub(r"\bSESSION\b", self.session, text.rstrip("& "))
        text = re.sub(r"(?<=[ /])ID\b", self.calls[0], text)
        text = re.sub(r"[\[\]](?![^']*'$)", "", text) if "jq" not in text else text
        text = text.replace(".aura/", f"{self.aura.data}/")
        return text.replace("--tenant T", "--tenant demo").replace("9101", "0")


def prepare(folder: Path) -> None:
    """Put there what the docs take for granted."""
    (folder / "question.wav").write_bytes(wav(buzz(900) + silence(200)))
    (folder / "long.wav").write_bytes(wav(silence(400_000) + buzz(500)))
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    files = re.findall(
        r"    # (\S+\.(?:py|yaml))\n((?:    .*\n|\n)+?)(?=\n    # |\n    aura |\n\S)", text
    )
    for name, code in files:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(re.sub(r"^    ", "", code, flags=re.MULTILINE), encoding="utf-8")
    (folder / "agents").mkdir(exist_ok=True)
    shutil.copytree(ROOT / "examples", folder / "examples")
    (folder / "suite.yaml").write_text(SUITE, encoding="utf-8")
    for agent in ("desk", "billing"):
        (folder / f"{agent}.yaml").write_text("prompt: You are a clerk.\n", encoding="utf-8")
    snippets = {
        ("docs/analytics.md", "subscriber("): "mine.py",
        ("docs/tools.md", "serve()"): "hours.py",
    }
    for block in blocks():
        for (page, sign), name in snippets.items():
            if block.page == page and block.language == "python" and sign in block.text:
                (folder / name).write_text(block.text, encoding="utf-8")
    (folder / "bin").mkdir()
    shim = folder / "bin" / "aura"
    shim.write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n', encoding="utf-8")
    shim.chmod(shim.stat().st_mode | stat.S_IXUSR)


def running_calls(here: Place) -> tuple[str, ...]:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        calls = [str(one["session"]) for one in asked(here, "GET", "/v1/calls")["calls"]]
        if len(calls) == 2:
            return tuple(calls)
        time.sleep(0.1)
    raise AssertionError("the calls do not run")


def asked(here: Place, method: str, path: str, body: str = "") -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310  # ours
        here.aura.url + path,
        data=body.encode() if method == "POST" else None,
        method=method,
        headers={"Authorization": f"Bearer {OPERATOR}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  # ours
        found: dict[str, Any] = json.loads(answer.read() or b"{}")
        return found
