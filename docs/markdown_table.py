"""Tables in Markdown; a line is its cells, separated by ` | `."""

from collections.abc import Iterable


def table(head: str, lines: Iterable[str]) -> str:
    """Return a table with *head* over its columns."""
    rule = "|" + "---|" * (head.count("|") + 1)
    return "\n".join([f"| {head} |", rule, *(f"| {line} |" for line in lines)])


def under(title: str, head: str, lines: Iterable[str]) -> str:
    """Return a table under a sentence that says what it is of."""
    return f"{title}\n\n{table(head, lines)}"
