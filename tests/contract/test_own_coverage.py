"""The shares of `make coverage`: they only rise, and the table names pure modules of today."""

import tomllib

import pytest

from tests.own_coverage import STEP, TABLE, Run, below, pure_modules, raised, rounded, written
from tests.own_tests import WITHOUT, listed, own_test

HELD = tomllib.loads(TABLE.read_text(encoding="utf-8"))


def run(share: float) -> Run:
    return Run(share, "1")


@pytest.mark.parametrize(
    ("share", "down"), [(0, 0), (4.99, 0), (5, 5), (84.9, 80), (85, 85), (99.99, 95), (100, 100)]
)
def test_a_share_is_rounded_down(share: float, down: int) -> None:
    assert rounded(share) == down


def test_every_possible_share_of_a_module_is_rounded_to_no_more_than_it_is() -> None:
    for statements in range(1, 400):
        for missing in range(statements + 1):
            share = 100 * (1 - missing / statements)
            assert rounded(share) == 100 * (statements - missing) // statements // STEP * STEP


def test_a_module_below_its_share_is_told_and_one_without_a_line_is_run_whole() -> None:
    table = {"held.py": 80, "risen.py": 80, "gone.py": 80}
    found = {"held.py": run(80.1), "risen.py": run(97), "new.py": run(99.9), "whole.py": run(100)}
    assert below(table, found) == ["new.py"]
    assert below(table, {**found, "held.py": run(79.9)}) == ["held.py", "new.py"]


def test_shares_only_rise() -> None:
    table = {"held.py": 80, "risen.py": 80, "whole.py": 95, "other.py": 40}
    found = {"held.py": run(12), "risen.py": run(91), "whole.py": run(100), "new.py": run(3)}
    assert raised(table, found) == {"held.py": 80, "risen.py": 90, "other.py": 40}
    assert tomllib.loads(written(table)) == table


def test_the_pure_modules_are_those_of_the_import_contract() -> None:
    found = pure_modules()
    assert {
        "edge/core/turn_taking/turns.py",
        "schemas/events/turn.py",
        "workers/sentences.py",
    } <= set(found)
    assert not {"edge/main.py", "runtime/audio/media.py", "workers/llm/stage.py"} & set(found)


def test_the_table_is_in_order_and_names_pure_modules_that_have_tests() -> None:
    assert TABLE.read_text(encoding="utf-8") == written(HELD)
    assert set(HELD) <= set(pure_modules())
    assert all(own_test(one) or listed(one) for one in HELD)
    assert not set(HELD) & set(WITHOUT)
    assert all(share in range(0, 100, STEP) for share in HELD.values())
