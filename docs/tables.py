"""Write the generated parts of README.md: settings from the code, numbers from result files.

python docs/tables.py [--check]
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from aura.cli.settings_table import as_markdown

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results"


def filled(text: str, name: str, content: str) -> str:
    """Return *text* with *content* between the marks of *name*."""
    pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
    return re.sub(pattern, lambda found: f"{found[1]}{content}\n{found[2]}", text, flags=re.DOTALL)


def result(name: str) -> dict[str, Any] | None:
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def bench() -> str:
    """Return the tables of the measurements that there are."""
    parts = []
    for name, table in (
        ("latency", latency),
        ("bus", bus),
        ("stt_window", stt_window),
        ("footprint", footprint),
    ):
        if found := result(name):
            parts.append(table(found))
    return "\n\n".join(parts) or "Run `make bench` and `make readme` to fill this in."


def latency(found: dict[str, Any]) -> str:
    lines = [
        "End of speech to first audible audio, one call at a time, the same recordings, models and "
        f"machine in one run ({found['machine']}, {found['turns']} turns each):",
        "",
        "| | p50 | p95 | of the peer's p50 | words known | first token | first audio |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in found["rows"]:
        steps = [row.get(step) for step in ("transcript_ms", "first_token_ms", "first_audio_ms")]
        shown = " | ".join("" if step is None else f"{step:.0f} ms" for step in steps)
        lines.append(
            f"| {row['name']} | {row['p50_ms']:.0f} ms | {row['p95_ms']:.0f} ms "
            f"| {row['ratio']:.2f} | {shown} |"
        )
    return "\n".join(lines)


def bus(found: dict[str, Any]) -> str:
    return (
        f"The bus itself, with engines that take no time ({found['turns']} turns): end of speech "
        f"to first audio less the endpointing wait, p50 {found['p50_ms']:.1f} ms, "
        f"p99 {found['p99_ms']:.1f} ms."
    )


def stt_window(found: dict[str, Any]) -> str:
    lines = [
        f"Recognition of {found['clips']} clips with {found['model']}, {found['threads']} thread:",
        "",
        "| | word error rate | p50 | p50 of clips up to 4 s | p90 |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {way['way']} | {way['wer_percent']:.1f} % | {way['p50_ms']} ms "
        f"| {way['p50_short_ms']} ms | {way['p90_ms']} ms |"
        for way in found["ways"]
    ]
    return "\n".join(lines)


def footprint(found: dict[str, Any]) -> str:
    lines = [
        "Each process, after a call; started one after the other:",
        "",
        "| role | resident memory | ready after |",
        "|---|---|---|",
    ]
    lines += [
        f"| {row['role']} | {row['rss_mib']:.0f} MiB | {row['ready_s']:.1f} s |"
        for row in found["rows"]
    ]
    return "\n".join(lines)


def main() -> int:
    """Write README.md, or with --check return 1 if it is behind."""
    old = README.read_text(encoding="utf-8")
    new = filled(filled(old, "settings", as_markdown()), "bench", bench())
    if "--check" in sys.argv:
        if new != old:
            sys.stderr.write("README.md is behind: run `make readme`\n")
        return int(new != old)
    README.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
