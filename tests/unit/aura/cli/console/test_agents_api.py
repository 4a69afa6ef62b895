"""The revisions of an agent are listed with their changes."""

from __future__ import annotations

from aura.cli.console.agents_api import listed
from runtime.agents.store import Revision


def test_revisions_are_newest_first_with_their_changes() -> None:
    texts = ("a: 1\nb: 2\n", "a: 1\nb: 3\n", "")
    revisions = [Revision("", "host", 3 + k, "t", text) for k, text in enumerate(texts)]
    removed, second, first = listed(revisions)
    assert (first["difference"], first["changed"]) == ([], "2 lines")
    assert "-b: 2" in second["difference"]
    assert "+b: 3" in second["difference"]
    assert removed["changed"] == "removed"
