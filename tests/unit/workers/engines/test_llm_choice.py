"""Which built-in model a machine is given, and what it is told of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aura.cli.doctor import machine as examined
from runtime.process import machine
from runtime.settings import load
from workers.engines import llm_factory
from workers.engines.llm_choice import CAPABLE, SMALL, choice

GIB = 1 << 30


@pytest.mark.parametrize(
    ("cores", "memory", "here", "model", "better"),
    [
        (2, 16 * GIB, True, SMALL, ""),
        (8, 4 * GIB, True, SMALL, ""),
        (8, 0, True, SMALL, ""),
        (4, 8 * GIB, True, CAPABLE, ""),
        (4, 8 * GIB, False, SMALL, CAPABLE),
    ],
)
def test_the_capable_model_is_taken_where_it_fits_and_is_here(
    cores: int, memory: int, here: bool, model: str, better: str
) -> None:
    chosen = choice(cores, memory, lambda name: here and name == CAPABLE)
    assert (chosen.model, chosen.better) == (model, better)
    assert chosen.why


def test_a_container_has_fewer_cores_and_less_memory_than_its_machine(tmp_path: Path) -> None:
    whole = machine.cores(tmp_path), machine.memory_bytes(tmp_path)
    assert whole[0] >= 1
    assert whole[1] > GIB // 4
    (tmp_path / "cpu.max").write_text("50000 100000\n", encoding="ascii")
    (tmp_path / "memory.max").write_text("1048576\n", encoding="ascii")
    assert (machine.cores(tmp_path), machine.memory_bytes(tmp_path)) == (1, 1 << 20)
    (tmp_path / "cpu.max").write_text("max 100000\n", encoding="ascii")
    (tmp_path / "memory.max").write_text("max\n", encoding="ascii")
    assert (machine.cores(tmp_path), machine.memory_bytes(tmp_path)) == whole


def test_the_doctor_says_which_model_answers_and_why(tmp_path: Path) -> None:
    def said(**settings: str) -> str:
        own = load(_env_file=None, cache_dir=tmp_path / "cache", data_dir=tmp_path, **settings)
        return next(
            finding.what for finding in examined(own) if finding.what.startswith("language model")
        )

    chosen = llm_factory.local_llm(load(_env_file=None, cache_dir=tmp_path / "cache"))
    assert said() == f"language model: {chosen.model}. {chosen.why}"
    assert said(llm_model="qwen2.5-0.5b-instruct") == (
        "language model: qwen2.5-0.5b-instruct (local), as the settings say"
    )
    assert "(openai)" in said(llm_base_url="http://localhost:1", llm_model="x")
