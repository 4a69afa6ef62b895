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
        return [one.first_audio_ms for one in self.seen if one.first_audio_ms is not None]

    def as_json(self) -> dict[str, Any]:
        return {
            "scenario": self.name,
            "passed": self.passed,
            "seconds": round(self.seconds, 2),
            "wrong": self.wrong,
            "error": self.error,
            "steps": [
                {
                    "transcript": one.transcript,
                    "answer": one.answer,
                    "first_audio_ms": one.first_audio_ms and round(one.first_audio_ms),
                    "interrupted": one.interrupted,
                    "errors": one.errors,
                }
                for one in self.seen
            ],
        }


def table(results: Sequence[Result]) -> Table:
    """Return one row for each scenario, with its deviations below."""
    made = Table(box=None, pad_edge=False)
    for heading, justify in (
        ("", "left"),
        ("scenario", "left"),
        ("waits", "right"),
        ("s", "right"),
    ):
        made.add_column(heading, justify="right" if justify == "right" else "left")
    for one in results:
        waits = " ".join(f"{ms:.0f}" for ms in one.waits_ms)
        mark = "[green]pass[/]" if one.passed else "[red]FAIL[/]"
        made.add_row(mark, _plain(one.name), f"{waits} ms" if waits else "", f"{one.seconds:.1f}")
        for line in [*one.wrong, *([one.error] if one.error else [])]:
            made.add_row("", f"[red]{_plain(line)}[/]")
    return made


def _plain(line: str) -> str:
    return printable(line).replace("[", r"\[")


def summary(results: Sequence[Result]) -> str:
    """Return the last line: how many passed, and how long callers waited."""
    passed = sum(one.passed for one in results)
    waits = sorted(ms for one in results for ms in one.waits_ms)
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
        failures=str(sum(bool(one.wrong) for one in results)),
        errors=str(sum(bool(one.error) for one in results)),
        time=f"{sum(one.seconds for one in results):.3f}",
    )
    for one in results:
        case = ElementTree.SubElement(
            suite, "testcase", name=one.name, classname=name, time=f"{one.seconds:.3f}"
        )
        if one.error:
            ElementTree.SubElement(case, "error", message=_xml(one.error))
        elif one.wrong:
            failure = ElementTree.SubElement(case, "failure", message=_xml(one.wrong[0]))
            failure.text = _xml("\n".join(one.wrong))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _xml(text: str) -> str:
    """Return *text* without the control characters that XML cannot hold."""
    return "".join(c if c >= " " or c in "\n\t" else "\ufffd" for c in text)
