"""The table of faults and load in docs/numbers.md, from benchmarks/results/soak.jsonl."""

import json
from collections.abc import Iterable
from typing import Any

from markdown_table import table as markdown_table

COUNTS = ("turns", "lost", "doubled", "mixed")
SEEN = {
    "calls": "{} calls",
    "kills": "{} kills",
    "freezes": "{} freezes",
    "sleeps": "{} freezes",
    "times": "{} times",
    "sent": "{} messages",
    "wrong_answers": "{} answered wrongly",
    "late_max_ms": "at most {} ms late",
    "over_base_ms": "slowest turn {} ms over the slowest before",
    "next_answer_max_s": "next answer within {} s",
    "stall_max_s": "stalled at most {} s",
    "told_s": "the caller was told after {} s",
    "told_max_s": "callers were told within {} s",
    "back_max_s": "next answers at most {} s late",
    "stale_answers": "{} stale answers",
    "refused_with": "refused with {}",
    "turns_lost_while_full": "{} turns lost while full",
    "felt_p50_ms": "wait p50 {} ms",
    "felt_p99_ms": "p99 {} ms",
    "memory_growth_percent": "memory {} %",
    "memory_growth_mib": "memory {} MiB",
    "of_linear": "{} of linear growth",
    "others_lost": "{} turns of others lost",
    "good_turns_lost": "{} turns of a good call lost",
}
"""What a trial may have measured, in words."""


def table(lines: Iterable[str]) -> str:
    """Return the table of *lines*, a JSON object each; the last of a trial counts."""
    trials: dict[str, dict[str, Any]] = {}
    for line in lines:
        row = json.loads(line)
        trials[row["trial"]] = row
    shown = []
    for name, row in trials.items():
        counts = " | ".join(str(row.get(count, "")) for count in COUNTS)
        seen = "; ".join(
            words.format(_by_kind(row[key])) for key, words in SEEN.items() if key in row
        )
        held = "yes" if row["held"] else "**no**"
        shown.append(f"{name} | {held} | {row['scale']:g} | {counts} | {seen}")
    head = (
        "fault or load | within limits | share of its full length "
        "| turns | lost | doubled | mixed | seen"
    )
    return markdown_table(head, shown)


def _by_kind(value: Any) -> Any:
    """Return counts by kind as words: `58 tool, 51 llm`; any other value as it is."""
    if isinstance(value, dict):
        return ", ".join(f"{count} {kind}" for kind, count in value.items())
    return value
