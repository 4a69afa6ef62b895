"""Every command, request and setting in README and docs, run as it stands against one Aura.

What runs for ever, or needs a network, is only held against the command line; what is not run at
all is skipped by name, with the reason.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
import typer

from aura.cli.main import command_line
from runtime.settings import load
from tests import forked_commands
from tests.aura_process import COMMAND, SIMULATED, AuraProcess
from tests.caller import buzz, silence, wav
from tests.documents import ROOT, Line, blocks, commands, inline_commands, requests, settings
from tests.integration.documented_place import OPERATOR, Place, asked, prepare, running_calls

PARSED = {
    r"aura up\b": "starts an Aura: integration/test_up",
    r"aura (edge|worker (stt|llm|tts|tool))\b": "a role of `aura up`, which every test here runs",
    r"aura models fetch\b": "asks a hub: parts/test_model_download has one",
    r"aura demo\b": "runs the real engines, for a minute",
    r"aura talk\b": "needs a sound card: integration/test_talk has one",
    r"aura engines test parrot": "its engine is made up: contract/test_contributing has it",
    r"aura calls start\b": "needs a line: integration/test_sip has one",
    r"aura tenants apply": "its files are the reader's: integration/test_tenants has some",
    r"aura console\b": "runs until Ctrl-C, with a page: it has tests of its own",
}
"""Commands that are held against the command line and not run, and why."""
NOT_RUN = {
    r"make\b": "works on the checkout itself (its targets are looked for)",
    r"\.ci/run": "is what runs these tests",
    r"(\.venv/bin/)?python -m benchmarks": "measures for minutes or hours",
    r"(pip|npm) install": "installs",
    r"cyclonedx-py": "is no part of Aura",
    r"node subscriber": "needs npm's packages: integration/test_javascript has them",
    r"export NATS_URL=nats://bus": "names a bus of the reader's own",
    r"export AURA_WEBHOOK_URL": "names a server of the reader's own",
    r"curl\b": "names a call of the reader's own; its request is run in its other form",
}
LASTING = (r"aura tap\b", r"aura tools serve", r"aura worker analytics", r"aura calls listen")
LASTS_S = 2.0
"""So long one of these runs at least, then it gets Ctrl-C."""
GIVES_UP_S = 60.0
LAST = (r"aura forget", r"aura calls end", r"aura report")
MAY_FAIL = {
    r"aura sessions --json \| jq": "a session would have gone differently",
    r"aura eval": "the simulated engines understand everything as one sentence",
    r"aura replay SESSION --decide --eagerness low": "the call would have gone differently",
    r"aura replay SESSION --drive --llm-model NAME": "no worker here has another model, it says",
}
"""Commands whose exit code 1 is an answer, too."""


def fits(patterns: Any, line: Line) -> bool:
    """Tell whether one of *patterns* begins *line*, whatever variables are set before it."""
    bare = re.sub(r"^([A-Z][A-Z0-9_]*=\S*\s+)+(?=\S)", "", line.text)
    return any(re.match(pattern, bare) or re.match(pattern, line.text) for pattern in patterns)


ALL = commands()
RUN = list({x.text: x for x in ALL if not fits(PARSED, x) and not fits(NOT_RUN, x)}.values())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("reader")
    sample = {"AURA_SIM_TTS_AUDIO_MS": "600", "AURA_OPERATOR_TOKEN": OPERATOR}
    room = {
        "AURA_MAX_SESSIONS_PER_TENANT": "1000",
        "AURA_API_REQUESTS_PER_MINUTE": "10000",
        "AURA_MAX_CONNECTIONS_PER_IP": "100",
    }
    aura = AuraProcess(folder / "aura", env={**SIMULATED, **sample, **room})
    beside: list[subprocess.Popen[bytes]] = []
    try:
        prepare(folder)
        aura.wait_until_ready()
        here = Place(aura, folder)
        apply = [*COMMAND, "agents", "apply", "desk.yaml", "billing.yaml"]
        subprocess.run(
            apply, cwd=folder, env=here.env(), check=True, capture_output=True, timeout=40
        )
        one = [*COMMAND, "call", "question.wav", "--json"]
        subprocess.run(one, cwd=folder, env=here.env(), check=True, capture_output=True, timeout=40)
        listed = [*COMMAND, "sessions", "--json"]
        told = subprocess.run(listed, env=here.env(), check=True, capture_output=True, timeout=20)
        here.session = json.loads(told.stdout)[0]["session"]
        beside += [  # one call to be ended by a command, one by a request
            here.start("call", "long.wav", "--agent", "desk", "--out", "long-1.wav"),
            here.start("call", "long.wav", "--agent", "desk", "--out", "long-2.wav"),
            here.start("tools", "serve", "tables.py"),
            here.start("tools", "serve", "examples/restaurant/tables.py"),
        ]
        here.calls = running_calls(here)
        yield here
    finally:
        for process in beside:
            process.terminate()
        for process in beside:
            process.wait()
        aura.stop()


def is_shell(line: Line) -> bool:
    return any(sign in line.text.rstrip("& ") for sign in ("|", ">", "&&", "$(")) or (
        line.program != "aura"
    )


def has_lasted(here: Place, line: Line, ran_s: float) -> bool:
    """Tell whether a lasting command has run long enough: the warehouse until it keeps a file."""
    if ran_s > GIVES_UP_S or "warehouse" not in line.text:
        return ran_s > LASTS_S
    return ran_s > LASTS_S and any((here.folder / "aura").rglob("*.parquet"))


def ran(here: Place, line: Line) -> tuple[Line, subprocess.CompletedProcess[str], float]:
    """Run an `aura` command that needs no shell; return the seconds that it took, too."""
    words = shlex.split(here.typed(line.text))
    at = words.index("aura")
    own = dict(word.split("=", 1) for word in words[:at])
    began = time.monotonic()
    done = forked_commands.aura(
        *words[at + 1 :],
        env={**here.env(), **own},
        cwd=here.folder,
        ctrl_c_when=partial(has_lasted, here, line) if fits(LASTING, line) else None,
    )
    return line, done, time.monotonic() - began


@pytest.mark.parametrize("line", [one for one in RUN if is_shell(one)], ids=str)
def test_every_line_for_a_shell_runs(place: Place, line: Line) -> None:
    if "jq" in line.text and not shutil.which("jq"):
        pytest.skip("NOT TESTED HERE: it needs jq (apt-get install jq)")
    done = subprocess.run(
        ["bash", "-c", f"set -eo pipefail; {place.typed(line.text)}"],  # noqa: S607  # any bash
        cwd=place.folder,
        env=place.env(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    good = {0, 123} if fits(MAY_FAIL, line) else {0}
    assert done.returncode in good, done.stdout + done.stderr


def test_every_command_of_the_docs_runs(place: Place) -> None:
    plain = [one for one in RUN if not is_shell(one)]
    first = [one for one in plain if not fits(LAST, one)]
    wrong = []
    with ThreadPoolExecutor(8) as pool:  # most of them wait
        begun = [
            done
            for lines in (first, [one for one in plain if one not in first])
            for done in list(pool.map(partial(ran, place), lines))
        ]
    for line, done, took_s in begun:
        good = {0, 130} if fits(LASTING, line) else {0, 1} if fits(MAY_FAIL, line) else {0}
        said = done.stdout + done.stderr
        if done.returncode not in good or "Traceback" in said:
            wrong.append(f"{line}\n  {done.returncode}: {said[-600:]}")
        elif fits(LASTING, line) and took_s < LASTS_S:
            wrong.append(f"{line}\n  ended by itself: {said[-600:]}")
    assert not wrong, "\n".join(wrong)


def test_every_request_is_answered(place: Place) -> None:
    for line in sorted(requests(), key=lambda one: "/end" in one.text):
        method, path, *rest = line.text.split(maxsplit=2)
        body = rest[0] if rest and rest[0].startswith("{") else ""
        if (method, path) == ("POST", "/v1/calls"):  # no telephone is here, it says
            with pytest.raises(urllib.error.HTTPError, match="409"):
                asked(place, method, path, body)
        else:
            asked(place, method, path.replace("ID", place.calls[1]), body)


def flaw(text: str) -> str:
    """Return what is wrong with an `aura` command: no such command or option; empty: nothing."""
    words = shlex.split(
        re.sub(r"[\[\]]", "", text.split("|", maxsplit=1)[0].split(" > ", maxsplit=1)[0]).rstrip(
            "& "
        )
    )
    words = words[words.index("aura") + 1 :]
    command: Any = typer.main.get_command(command_line(words[0]))
    context, name = None, "aura"
    while True:
        try:
            context = command.make_context(name, words, parent=context)
            if not hasattr(command, "resolve_command"):
                return ""
            if not (left := [*context._protected_args, *context.args]):
                return ""
            name, command, words = command.resolve_command(context, left)
        except Exception as error:  # noqa: BLE001  # its types are typer's own
            if type(error).__name__ in {"MissingParameter", "NoArgsIsHelpError", "Exit"}:
                return ""  # its name alone was meant
            return repr(error)


@pytest.mark.parametrize("line", [one for one in ALL if fits(PARSED, one)], ids=str)
def test_what_is_not_run_is_at_least_a_command(line: Line) -> None:
    assert not flaw(line.text)


def test_every_command_in_a_sentence_is_one() -> None:
    once = {one.text: one for one in inline_commands()}.values()
    wrong = [f"{one}: {why}" for one in once if (why := flaw(one.text))]
    assert not wrong, "\n".join(wrong)


def test_every_setting_is_known_and_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {
        (field.alias or f"AURA_{name}").upper() for name, field in type(load()).model_fields.items()
    }
    found = settings()
    assert found
    for line in found:
        name, _, value = line.text.partition("=")
        assert name in known or name.startswith(("AURA_", "CEREBRAS_")), line
        monkeypatch.setenv(name, value)
        load(_env_file=None)
        monkeypatch.delenv(name)


@pytest.mark.parametrize("line", [one for one in ALL if fits(NOT_RUN, one)], ids=str)
def test_a_command_that_is_not_run_has_a_reason(line: Line) -> None:
    if line.program == "make":
        target = line.text.split()[1]
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"no target {target}"
        return
    reason = next(why for pattern, why in NOT_RUN.items() if fits([pattern], line))
    pytest.skip(f"NOT RUN: {line.text}: it {reason}")


def test_no_exception_is_left_over() -> None:
    for pattern in [*PARSED, *NOT_RUN, *MAY_FAIL]:
        if pattern.startswith("aura console"):
            continue  # of a part that may be served or not
        assert any(fits([pattern], line) for line in ALL), pattern


def test_the_speech_snippet_recognises_and_speaks(place: Place) -> None:
    openai = pytest.importorskip("openai", reason="NOT TESTED HERE: pip install openai")
    assert openai
    (code,) = [one.text for one in blocks() if one.page == "docs/speech-api.md"]
    code = code.replace("https://voice.example.com", place.aura.url)
    (place.folder / "note.wav").write_bytes(wav(buzz(900) + silence(300)))
    done = subprocess.run(
        [sys.executable, "-c", f'TOKEN = "demo_token"\n{code}'],
        cwd=place.folder,
        env=place.env(),
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "how are you today" in done.stdout
    assert (place.folder / "answer.wav").read_bytes()[:4] == b"RIFF"
