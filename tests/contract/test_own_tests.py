"""Each module has a test file of its own, or one list says where else it is tested, or why not."""

from fnmatch import fnmatch

import pytest

from tests.own_tests import ELSEWHERE, TO_WRITE, WITHOUT, listed, modules, own_test
from tests.sources import ROOT

MOST_TO_WRITE = 0
MODULES = modules()
OWN = {module for module in MODULES if own_test(module)}


def test_a_module_without_a_test_file_of_its_own_is_listed() -> None:
    assert [module for module in MODULES if module not in OWN and not listed(module)] == []


def test_a_list_names_no_module_that_has_its_own_test_file_or_is_gone() -> None:
    others = set(MODULES) - OWN
    assert others >= TO_WRITE
    for pattern in (*ELSEWHERE, *WITHOUT):
        assert any(fnmatch(module, pattern) for module in others), pattern


@pytest.mark.parametrize("test", sorted(set(ELSEWHERE.values())))
def test_a_test_file_under_another_name_exists(test: str) -> None:
    assert (ROOT / "tests" / test).is_file()


def test_the_modules_whose_test_is_to_be_written_become_fewer() -> None:
    assert len(TO_WRITE) <= MOST_TO_WRITE
