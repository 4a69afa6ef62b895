"""Write the generated parts of the documents: settings from the code, numbers from result files.

python docs/tables.py [--check]
"""

import json
import sys
from pathlib import Path
from typing import Any

import people_tables
import picture
import soak_table
from markdown_table import table, under

from aura.cli.settings_table import rows as setting_rows
from schemas.documents.event_table import filled

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PICTURE = DOCS / "cut-ins.svg"
RESULTS = ROOT / "benchmarks" / "results"


def result(name: str) -> dict[str, Any] | None:
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def bench() -> str:
    """Return the tables of the measurements that there are."""
    parts = []
    for name, shown in (
        ("latency", latency),
        ("bus", bus),
        ("stt_throughput", stt_throughput),
        ("people", people_tables.tables),
        ("prompts/people", people_tables.prompts),
        ("cut_ins", cut_ins),
        ("density", density),
        ("footprint", footprint),
        ("agents", agents),
    ):
        if found := result(name):
            parts.append(shown(found))
    return "\n\n".join(parts) or "Run `make bench` and `make readme` to fill this in."


def latency(found: dict[str, Any]) -> str:
    def line(row: dict[str, Any]) -> str:
        steps = [row.get(step) for step in ("transcript_ms", "first_token_ms", "first_audio_ms")]
        shown = " | ".join("" if step is None else f"{step:.0f} ms" for step in steps)
        return (
            f"{row['name']} | {row['p50_ms']:.0f} ms | {row['p95_ms']:.0f} ms "
            f"| {row['ratio']:.2f} | {shown}"
        )

    return under(
        "Time from the end of speech to the first audible audio, one call at a time; the same "
        "recordings, models and machine in one run "
        f"({found['machine']}, {found['turns']} turns each):",
        "| p50 | p95 | share of the peer's p50 | transcript | first token | first audio",
        map(line, found["rows"]),
    )


def bus(found: dict[str, Any]) -> str:
    lines = []
    for what, some, of in (
        ("", found, ""),
        (", the part that the caller waits for", found, "felt_"),
        (", turns without CPU time taken by the host", found["undisturbed"], ""),
    ):
        if some:
            p50, p99 = some[f"{of}p50_ms"], some[f"{of}p99_ms"]
            lines.append(f"Aura{what} | {some['turns']} | {p50:.1f} ms | {p99:.1f} ms")
    if (beside := found["peer"]) and beside["turns"]:
        lines.append(
            f"Pipecat, defaults | {beside['n']} | {beside['p50']:.1f} ms | {beside['p99']:.1f} ms"
        )
    return under(
        "Time that the framework adds to a turn of one call, without the wait for the end of turn; "
        "the engines are simulated (STT 50 ms, LLM 100 ms and 10 ms a token, TTS 50 ms):",
        "| turns | p50 | p99",
        lines,
    )


def stt_throughput(found: dict[str, Any]) -> str:
    return under(
        f"Recognition under load, {found['clips']} clips of {found['audio_s']:.1f} s on average "
        f"(all under 8 s, {found['rows'][0]['words']} words), tiny.en, one thread, CPU time of the "
        "whole process; the brackets are bounds that hold for 95 of 100 such sets of clips:",
        "| word error rate | wrong words beyond the first row "
        "| CPU an utterance | utterances a core-second | times the first row",
        (
            f"{row['way']} | {row['wer_percent']:.2f} % | {_more(row)} | {row['cpu_ms']:.0f} ms "
            f"| {row['a_core_second']:.1f} | {row['times']:.1f}"
            for row in found["rows"]
        ),
    )


def _more(row: dict[str, Any]) -> str:
    low, more, high = row["more_than_plain"]
    return f"{more:+} ({low:+} to {high:+})" if (low, high) != (0, 0) else "0"


def footprint(found: dict[str, Any]) -> str:
    return under(
        "Each process after a call; they start one after the other:",
        "role | resident memory | ready after",
        (
            f"{row['role']} | {row['rss_mib']:.0f} MiB | {row['ready_s']:.1f} s"
            for row in found["rows"]
        ),
    )


def agents(found: dict[str, Any]) -> str:
    """Return what agents in the bucket cost; the last row is held against the first."""
    rows = found["agents"]
    one, *_, many = rows.values()
    sessions, responses = (
        f"{many[step]['p50'] / one[step]['p50']:.2f}" for step in ("session_ms", "response_ms")
    )

    def times(row: dict[str, Any], step: str) -> str:
        return f"{row[step]['p50']:.1f} ms | {row[step]['p95']:.1f} ms"

    shown = under(
        f"Cost of the agents in the bucket: two Auras take turns, {found['calls']} calls each, "
        "with engines without delay:",
        "agents | time to the session, p50 | p95 | time to the response, p50 | p95 "
        "| memory of the edge",
        (
            f"{int(count):,} | {times(row, 'session_ms')} | {times(row, 'response_ms')} "
            f"| {row['edge_mb']:.0f} MB"
            for count, row in rows.items()
        ),
    )
    return (
        f"{shown}\n\nThe p50 with many agents divided by that with one: {sessions} for the "
        f"session, {responses} for the response."
    )


def cut_ins(found: dict[str, Any]) -> str:
    return under(
        "The whole pipeline and the peer hear the same sentences with a pause of 0.3 to 1.2 s "
        "inside, and recordings of people, in real time ([as a picture](cut-ins.svg)):",
        "| answered inside the sentence | end of speech to first audible audio, p50 | p95",
        (
            f"{row['who']} | {row['cut_in']} of {row['sentences']} "
            f"| {row['p50_ms']:.0f} ms | {row['p95_ms']:.0f} ms"
            for row in found["rows"]
        ),
    )


def density(found: dict[str, Any]) -> str:
    calls = under(
        "Calls of one edge process: every microphone is open all the time, the engines are "
        "simulated, and clients and servers share the machine:",
        "calls | wait p50 | wait p95 | p95 over the lowest p50 | edge CPU | CPU a call | memory "
        "| within limits",
        (
            f"{row['calls']} | {row['wait_p50_ms']:.0f} ms | {row['wait_p95_ms']:.0f} ms "
            f"| {row['overhead_p95_ms']:.0f} ms | {100 * row['edge_cpu']:.0f} % "
            f"| {row['edge_cpu_ms_a_call_second']:.1f} ms/s | {row['edge_rss_mib']} MiB "
            f"| {'yes' if row['held'] else 'no'}"
            for row in found["rows"]
        ),
    )
    return f"{calls}\n\n{quiet_calls(found)}" if "floor" in found else calls


def quiet_calls(found: dict[str, Any]) -> str:
    quiet, least = found["quiet"], found["floor"]
    held = max(row["calls"] for row in found["rows"] if row["held"])
    rows = {row["calls"]: row["edge_rss_mib"] for row in found["rows"]}
    memory_mib = (rows[held] - rows[1]) / max(1, held - 1)
    return (
        f"A call in which nobody speaks costs the edge {quiet['cpu_ms_a_call_second']:.1f} ms "
        f"of CPU a second. The lower bound is a bare process that takes the sound from the "
        f"socket, unmasks it and asks the voice detector: it takes "
        f"{least['quiet']['cpu_ms_a_call_second']:.1f} ms, and "
        f"{least['speaking']['cpu_ms_a_call_second']:.1f} ms if everybody speaks and is "
        f"published. A call takes {memory_mib:.2f} MiB of memory."
    )


def sessions() -> str:
    """Return what reading, replaying and recording sessions costs."""
    found = result("sessions")
    if found is None:
        return "Run `make bench` and `make readme` to fill this in."
    kept, replay = found["keeping"], found["replay"]

    def took(name: str) -> str:
        return f"{found[name]['p50_s']:.2f} s (worst {found[name]['worst_s']:.2f} s)"

    return table(
        "| seen | aim",
        [
            f"`aura sessions` of {found['sessions']:,} | {took('list_as_table')} | 2 s",
            f"`aura show` of an hour | {took('show')} | 1 s",
            f"`--decide`, unchanged | {found['decide_times']:,} times real time | 1,000",
            f"`--decide --eagerness low` | {found['decide_other_times']:,} times | 1,000",
            f"timing of a replay at speed 1, p99 | {replay['p99_ms']:.0f} ms | 20 ms",
            "CPU of recording the sound, share of a call (of a call with simulated engines) "
            f"| {100 * kept['share']:.1f} % ({100 * kept.get('share_simulated', 0):.1f} %) | 2 %",
            f"`aura --help` | {took('help')} |",
        ],
    )


def soak() -> str:
    file = RESULTS / "soak.jsonl"
    if not file.exists():
        return "Run `make soak` and `make readme` to fill this in."
    return soak_table.table(file.read_text(encoding="utf-8").splitlines())


def peers() -> str:
    """Return a few rows against the peer; a row whose result file is missing is left out."""
    lines = []
    if found := result("latency"):
        ours, peer, *_, tuned = found["rows"]
        for name in ("p50", "p95"):
            times = [row[f"{name}_ms"] for row in (ours, peer, tuned)]
            shown = " | ".join(f"{ms:.0f} ms" for ms in times)
            lines.append(f"end of speech to first audible audio, {name} | {shown}")
    if (found := result("cut_ins")) and len(found["rows"]) == 5:  # with the peer
        _, ours, _, peer, tuned = found["rows"]
        shown = " | ".join(f"{row['cut_in']} of {row['sentences']}" for row in (ours, peer, tuned))
        lines.append(f"answered inside a sentence with a pause | {shown}")
    if (found := result("density")) and (held := [r["calls"] for r in found["rows"] if r["held"]]):
        lines.append(f"calls in one process, simulated engines | {max(held)} | 12 | 64")
    lines += [
        "one call lives through the death of its process | yes | no | no",
        "a stage scales by itself | yes | no | no",
    ]
    return under(
        "The same recordings, models and machine in one run, 2 cores:",
        "| Aura | Pipecat, defaults | Pipecat, tuned",
        lines,
    )


def settings() -> str:
    """Return all settings: variable, kind, default, meaning."""
    return table(
        "Variable | Kind | Default | Meaning",
        (
            f"`{variable}` | {kind} | {f'`{default}`' if default else ''} | {meaning}"
            for variable, kind, default, meaning in setting_rows()
        ),
    )


PAGES = {
    ROOT / "README.md": {"peers": peers},
    DOCS / "settings.md": {"settings": settings},
    DOCS / "numbers.md": {"bench": bench, "sessions": sessions, "soak": soak},
}
"""Each document and its generated parts."""


def main() -> int:
    """Write the documents and the picture, or with --check return 1 if they are behind."""
    written = {PICTURE: picture.cut_ins(found)} if (found := result("cut_ins")) else {}
    for page, parts in PAGES.items():
        text = page.read_text(encoding="utf-8")
        for name, made in parts.items():
            text = filled(text, name, made())
        written[page] = text
    behind = {
        path: text
        for path, text in written.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    if "--check" in sys.argv:
        for path in behind:
            sys.stderr.write(f"{path.relative_to(ROOT)} is behind: run `make readme`\n")
        return int(bool(behind))
    for path, text in behind.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
