"""Results become JUnit."""

from __future__ import annotations

import io
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console

from aura.cli.evaluation.judge import StepMessages
from aura.cli.evaluation.results import Result, junit, summary, table


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


def test_a_table_has_a_row_for_each_scenario_and_its_deviations_below() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(
        table(
            [
                Result("good [b]", 1.5, [GOOD, GOOD]),
                Result("bad", 2.04, [], ["step 1: [red]no\x1b[2J"]),
                Result("refused", 0.1, error="HTTP 503"),
            ]
        )
    )
    rows = [line.split() for line in console.export_text().splitlines()]
    assert rows == [
        ["scenario", "waits", "s"],
        ["pass", "good", "[b]", "900", "900", "ms", "1.5"],
        ["FAIL", "bad", "2.0"],
        ["step", "1:", r"[red]no\x1b[2J"],
        ["FAIL", "refused", "0.1"],
        ["HTTP", "503"],
    ]


def test_a_result_is_json_with_what_each_step_saw() -> None:
    silent = StepMessages("Hello?", "", None)
    as_json = Result("good", 1.234, [GOOD, silent], ["step 2: no answer"]).as_json()
    assert {
        name: as_json[name] for name in ("scenario", "passed", "seconds", "wrong", "error")
    } == {
        "scenario": "good",
        "passed": False,
        "seconds": 1.23,
        "wrong": ["step 2: no answer"],
        "error": "",
    }
    assert [(step["transcript"], step["first_audio_ms"]) for step in as_json["steps"]] == [
        ("What is the capital?", 900),
        ("Hello?", None),
    ]


def test_the_95th_percentile_is_a_wait_that_was_measured_and_none_is_told_without_one() -> None:
    waits = [StepMessages("", "", float(ms)) for ms in range(100, 2100, 100)]
    line = summary([Result("a", 1.0, waits), Result("b", 1.0, [], ["step 1: no"])])
    assert line == "1 of 2 scenarios passed; first sound p50 1050 ms, p95 1900 ms"
    assert summary([Result("a")]) == "1 of 1 scenarios passed"
