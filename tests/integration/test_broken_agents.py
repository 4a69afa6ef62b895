"""`aura up` with an agent that cannot be read."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.aura_process import SIMULATED, AuraProcess


@pytest.mark.parametrize("text", ["prompt: {{a}}\n", "language: german\nprompt: Hello.\n"])
async def test_up_with_a_broken_agent_says_its_line_and_does_not_start(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "host.yaml").write_text(text, encoding="utf-8")
    aura = AuraProcess(tmp_path / "up", "--agents", str(tmp_path / "host.yaml"), env=SIMULATED)
    assert await asyncio.to_thread(aura.process.wait, 30) == 78
    assert "host.yaml:1: " in aura.said()
