"""The operator's file of tools: what it may say, and what is told where it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.settings import SettingsError
from runtime.tool_file import read
from schemas.tools import END_CALL, ToolConfig


def test_tools_are_read_in_their_order(tmp_path: Path) -> None:
    file = tmp_path / "tools.yaml"
    file.write_text(
        "- end_call\n"
        "- name: book\n"
        "  kind: webhook\n"
        "  target: https://example.org/book\n"
        "  parameters: {type: object}\n"
        "  deadline_ms: 500\n",
        encoding="utf-8",
    )
    assert read(str(file)) == (
        END_CALL,
        ToolConfig(
            name="book",
            kind="webhook",
            target="https://example.org/book",
            parameters={"type": "object"},
            timeout_ms=500,
        ),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "line 1: not YAML"),
        ("name: book", "a list of tools"),
        ("- hang_up", "tool 1: hang_up is not built in"),
        ("- 7", "a name of a built-in tool"),
        ("- end_call\n- {name: a b}", "tool 2: Expected `str` matching"),
        ("- {name: a, deadline_ms: 1}", "deadline_ms"),
        ("- {name: a, kind: magic}", "kind"),
        ("- {name: a, deadline: 1}", "no field deadline"),
        ("- {name: a, kind: webhook}", "http or https address"),
        ("- {name: a, kind: webhook, target: 'file:///etc'}", "http or https address"),
        ("- {name: a}\n- {name: a}", "two tools a"),
        ("- !!python/object:os.system {}", "not YAML"),
    ],
)
def test_an_invalid_tool_is_reported_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "tools.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as told:
        read(str(file))
    assert says in str(told.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read(str(tmp_path / "none.yaml"))
