"""A browser gets the bytes of a recording that it asks for."""

from __future__ import annotations

import pytest

from aura.cli.console import sound


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("", None),
        ("bytes=0-", (0, 99)),
        ("bytes=10-19", (10, 19)),
        ("bytes=90-500", (90, 99)),
        ("bytes=-10", (90, 99)),
        ("bytes=-500", (0, 99)),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("lines=1-2", None),
    ],
)
def test_a_browser_gets_the_bytes_it_asks_for(header: str, part: tuple[int, int] | None) -> None:
    assert sound.byte_range(header, 100) == part


def test_bytes_that_are_not_there_are_refused() -> None:
    with pytest.raises(ValueError, match="no such bytes"):
        sound.byte_range("bytes=100-", 100)
