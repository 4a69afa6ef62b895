"""Every ignored rule says why, on its line."""

import re
import tokenize

from tests.sources import ROOT, python_files

FOLDERS = ("aura", "benchmarks", "deploy", "docs", "edge", "runtime", "schemas", "tests", "workers")
IGNORE = re.compile(r"# (noqa|type: ignore)\b")
EXPLAINED = re.compile(r"# (noqa: [A-Z0-9, ]+|type: ignore\[[\w, -]+\])  # \S")


def test_every_ignored_rule_is_explained() -> None:
    bare = []
    for path in python_files(FOLDERS):
        text = path.read_text(encoding="utf-8")
        if len(IGNORE.findall(text)) == len(EXPLAINED.findall(text)):
            continue  # its comments need not be told from its strings
        with tokenize.open(path) as file:
            for token in tokenize.generate_tokens(file.readline):
                if token.type != tokenize.COMMENT or not IGNORE.match(token.string):
                    continue
                if not EXPLAINED.match(token.string):
                    bare.append(f"{path.relative_to(ROOT)}:{token.start[0]} {token.string}")
    assert not bare
