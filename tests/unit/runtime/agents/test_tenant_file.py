"""A tenant's file is read, or the error names its line."""

from __future__ import annotations

import pytest

from runtime.agents import tenant_file
from runtime.agents.config_file import ConfigFileError


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("agnt: host\n", 1, "agnt: there is no such field: did you mean agent?"),
        ("agent: a b\n", 1, "agent: Expected str matching regex"),
        ("limits:\n  sessions: 0\n", 2, "limits.sessions: Expected int >= 1"),
        ("limits:\n  sesions: 4\n", 2, "did you mean sessions?"),
        ("spend: {then: stop}\n", 1, "spend.then: Invalid enum value 'stop'"),
        ("prices:\n  models:\n    a: [1, 2]\n    b: [1]\n", 4, "prices.models.b"),
        ("prices:\n  models:\n    a: [1, -2]\n", 3, "prices.models.a"),
        ("- agent\n", 1, "a tenant is a mapping"),
    ],
)
def test_an_error_names_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigFileError) as refused:
        tenant_file.parse(text)
    assert words in refused.value.message
    assert refused.value.line == line
