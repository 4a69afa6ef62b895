"""Cores and memory are those of the container, if it has fewer than the machine."""

from pathlib import Path

import pytest

from runtime.process.machine import cores, memory_bytes


@pytest.mark.parametrize(
    ("told", "expected"), [("100000 100000", 1), ("1000 100000", 1), ("50000 100000\n", 1)]
)
def test_a_quota_limits_the_cores_to_one_at_least(tmp_path: Path, told: str, expected: int) -> None:
    (tmp_path / "cpu.max").write_text(told)
    assert cores(tmp_path) == expected


@pytest.mark.parametrize("told", ["max 100000", "", "99999999999 1", "1 0", "nonsense"])
def test_without_a_quota_all_cores_of_the_machine_count(tmp_path: Path, told: str) -> None:
    machine = cores(tmp_path / "none")
    (tmp_path / "cpu.max").write_text(told)
    assert cores(tmp_path) == machine >= 1


def test_a_limit_of_memory_counts_if_it_is_less_than_the_machines(tmp_path: Path) -> None:
    machine = memory_bytes(tmp_path)
    for told, expected in (("1048576\n", 1_048_576), ("max\n", machine), ("9" * 30, machine)):
        (tmp_path / "memory.max").write_text(told)
        assert memory_bytes(tmp_path) == expected
