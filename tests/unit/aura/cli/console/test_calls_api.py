"""The filter of recorded calls is read from the query."""

from __future__ import annotations

import pytest

from aura.cli.console.answers import Refused
from aura.cli.console.calls_api import wanted


def test_the_filter_is_read_from_the_query_and_errors_are_named() -> None:
    assert wanted({"only": "errors", "hours": "1", "user": "u"}, 7200.0).since_ms == 3_600_000
    assert wanted({"only": "slow"}, 0.0).slow_ms
    assert wanted({"hours": ""}, 5.0).since_ms == 0
    with pytest.raises(Refused, match="hours"):
        wanted({"hours": "nan"}, 0.0)
    with pytest.raises(Refused, match="only"):
        wanted({"only": "everything"}, 0.0)
