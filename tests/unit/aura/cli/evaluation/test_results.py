"""Results become JUnit."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from aura.cli.evaluation.judge import StepMessages
from aura.cli.evaluation.results import Result, junit, summary


def suite(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "suite.yaml"
    file.write_text(text, encoding="utf-8")
    return file


GOOD = StepMessages("What is the capital?", "It is Rome, of course.", 900.0)


def test_results_become_junit_that_a_ci_server_reads() -> None:
    results = [
        Result("good <one>", 1.5, [GOOD]),
        Result("bad", 2.0, [GOOD], ["step 1: answer lacks '\x07bell'"]),
        Result("refused", 0.1, error="HTTP 503"),
    ]
    suite = ElementTree.fromstring(junit("mine", results)).find("testsuite")  # noqa: S314  # ours
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    cases = suite.findall("testcase")
    assert cases[0].get("name") == "good <one>"
    assert "bell" in (cases[1].findtext("failure") or "")
    assert summary(results) == "1 of 3 scenarios passed; first sound p50 900 ms, p95 900 ms"
