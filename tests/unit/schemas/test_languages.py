"""Codes of languages, as people write them."""

from __future__ import annotations

import pytest

from schemas.languages import without_region


@pytest.mark.parametrize("code", ["de", "de-AT", "DE_at", " de-Latn-DE "])
def test_a_language_is_known_without_its_region(code: str) -> None:
    assert without_region(code) == "de"


def test_a_code_without_a_region_is_unchanged() -> None:
    assert [without_region(code) for code in ("auto", "", "yue")] == ["auto", "", "yue"]
