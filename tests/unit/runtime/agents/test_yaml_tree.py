"""YAML becomes plain values with lines; what could grow or surprise is refused by its line."""

import pytest

from runtime.agents.yaml_tree import MOST_DEPTH, YamlError, read


def test_each_value_has_its_line() -> None:
    tree = read("a: 1\nb:\n  c: [x, y]\n  d:\n    - z\n")
    assert tree.value == {"a": 1, "b": {"c": ["x", "y"], "d": ["z"]}}
    assert tree.lines["b", "c"] == 3
    assert tree.lines["b", "d", 0] == 5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("~", None),
        ("", None),
        ("-7", -7),
        ("0x10", "0x10"),
        ("1e3", 1000.0),
        ("12:30", "12:30"),
        ("'5'", "5"),
        ("2026-01-01", "2026-01-01"),
    ],
)
def test_only_jsons_types_are_read(text: str, value: object) -> None:
    assert read(f"a: {text}").value == {"a": value}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: &x 1\nb: *x", 1, "anchors"),
        ("a: 1\nb: !!python/name:os.system", 2, "tags"),
        ("a: 1\na: 2", 2, "twice"),
        ("? [1]\n: 2", 1, "a key must be a word"),
        ("a: 1\nb: c: d", 2, "quotes"),
        ("a: 1\n\tb: 2", 2, "blanks"),
        ("a: 1\nb: \x00", 2, "no YAML"),
        ("[" * (MOST_DEPTH + 1) + "]" * (MOST_DEPTH + 1), 1, "nested deeper"),
    ],
)
def test_an_error_names_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(YamlError, match=said) as told:
        read(text)
    assert told.value.line == line


def test_text_that_cannot_be_encoded_is_no_yaml() -> None:
    with pytest.raises(YamlError, match="no YAML"):
        read("name: \ud800")
