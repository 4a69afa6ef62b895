"""Shows results as a table for people and as JUnit XML for a CI server. Pure."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from rich.table import Table

from aura.cli.evaluation.judge import StepMessages
from runtime.text.printable import printable


@dataclass
class Result:
    """The result of one scenario."""

    name: str
    seconds: float = 0.0
    seen: list[StepMessages] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """The deviations, each as `step 2: ...`."""
    error: str = ""
    """The reason why the call could not be made."""

    @property
    def passed(self) -> bool:
        return not (self.wrong or self.error)

    @property
    def waits_ms(self) -> list[float]:
        return [step.first_audio_ms for step in self.seen if step.first_audio_ms is not None]

    def as_json(self) -> dict[str, Any]:
        return {
            "scenario": self.name,
            "passed": self.passed,
            "seconds": round(self.seconds, 2),
            "wrong": self.wrong,
            "error": self.error,
            "steps": [
                {
                    "transcript": step.transcript,
                    "answer": step.response,
                    "first_audio_ms": step.first_audio_ms and round(step.first_audio_ms),
                    "interrupted": step.interrupted,
                    "errors": step.errors,
                }
                for step in self.seen
            ],
        }


def table(results: Sequence[Result]) -> Table:
    """Return one row for each scenario, with its deviations below."""
    made = Table(box=None, pad_edge=False)
    for heading in ("", "scenario"):
        made.add_column(heading)
    for heading in ("waits", "s"):
        made.add_column(heading, justify="right")
    for result in results:
        waits = " ".join(f"{ms:.0f}" for ms in result.waits_ms)
        mark = "[green]pass[/]" if result.passed else "[red]FAIL[/]"
        made.add_row(
            mark, _plain(result.name), f"{waits} ms" if waits else "", f"{result.seconds:.1f}"
        )
        for line in [*result.wrong, *([result.error] if result.error else [])]:
            made.add_row("", f"[red]{_plain(line)}[/]")
    return made


def _plain(line: str) -> str:
    return printable(line).replace("[", r"\[")


def summary(results: Sequence[Result]) -> str:
    """Return the last line: how many passed, and how long callers waited."""
    passed = sum(result.passed for result in results)
    waits = sorted(ms for result in results for ms in result.waits_ms)
    line = f"{passed} of {len(results)} scenarios passed"
    if not waits:
        return line
    p95 = waits[max(0, math.ceil(len(waits) * 0.95) - 1)]
    return f"{line}; first sound p50 {statistics.median(waits):.0f} ms, p95 {p95:.0f} ms"


def junit(name: str, results: Sequence[Result]) -> bytes:
    """Return the results as JUnit XML, which CI servers read."""
    suite = ElementTree.Element(
        "testsuite",
        name=name,
        tests=str(len(results)),
        failures=str(sum(bool(result.wrong) for result in results)),
        errors=str(sum(bool(result.error) for result in results)),
        time=f"{sum(result.seconds for result in results):.3f}",
    )
    for result in results:
        case = ElementTree.SubElement(
            suite, "testcase", name=result.name, classname=name, time=f"{result.seconds:.3f}"
        )
        if result.error:
            ElementTree.SubElement(case, "error", message=_xml(result.error))
        elif result.wrong:
            failure = ElementTree.SubElement(case, "failure", message=_xml(result.wrong[0]))
            failure.text = _xml("\n".join(result.wrong))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _xml(text: str) -> str:
    """Return *text* without the control characters that XML cannot hold."""
    return "".join(c if c >= " " or c in "\n\t" else "\ufffd" for c in text)
