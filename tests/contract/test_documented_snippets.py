"""Every fenced snippet of README and docs: run where it can be, else compiled, else named.

A snippet that another test runs whole is named here with that test.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import msgpack
import pytest
import yaml

from aura.cli.evaluation.suite import load as load_suite
from runtime.agents import tenant_file
from runtime.agents.file import parse
from tests.caller import buzz, wav
from tests.documents import ROOT, Block, blocks

ALL = list(blocks())
RUN_ELSEWHERE = {
    ("CONTRIBUTING.md", "python"): "contract/test_contributing",
    ("docs/clients.md", "html"): "integration/test_embedding",
    ("docs/clients.md", "python"): "integration/test_python_client",
    ("docs/tools.md", "python"): "integration/test_tool_services",
    ("docs/control.md", "sh"): "integration/test_documented_commands",
    ("docs/realtime.md", "python"): "clients/test_stock_clients, each in a script of its own",
    ("docs/realtime.md", "js"): "clients/test_stock_clients, each in a script of its own",
    ("schemas/README.md", "js"): "integration/test_javascript, with the newer packages",
}
"""Those are compiled here all the same."""
DRAWINGS = {"mermaid", "text"}


def of(page: str, language: str, sign: str = "") -> str:
    """Return the text of the one block of *language* in *page* that holds *sign*."""
    (found,) = [
        one.text
        for one in ALL
        if one.page == page and one.language == language and sign in one.text
    ]
    return found


@pytest.mark.parametrize("block", [one for one in ALL if one.language == "python"], ids=str)
def test_python_compiles(block: Block) -> None:
    flags = 0x2000  # ast.PyCF_ALLOW_TOP_LEVEL_AWAIT: a snippet may stand inside a coroutine
    compile(block.text, str(block), "exec", flags=flags, dont_inherit=True)


@pytest.mark.parametrize("block", [one for one in ALL if one.language in {"js", "ts"}], ids=str)
def test_javascript_compiles(block: Block, tmp_path: Path) -> None:
    if not (node := shutil.which("node")):
        pytest.skip("NOT TESTED HERE: JavaScript needs node (apt-get install nodejs)")
    (file := tmp_path / "snippet.mjs").write_text(block.text, encoding="utf-8")
    done = subprocess.run(
        [node, "--check", str(file)], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr


def test_json_is_json() -> None:
    for one in ALL:
        if one.language == "json":
            json.loads(one.text)


@pytest.mark.parametrize("block", [one for one in ALL if one.language == "yaml"], ids=str)
def test_yaml_says_what_it_is_meant_to_say(block: Block, tmp_path: Path) -> None:
    """A suite is read as one, a list of tools or a section as part of an agent."""
    read = yaml.safe_load(block.text)
    if isinstance(read, list):
        parse(yaml.safe_dump({"tools": read}))
    elif "scenarios" in read:
        (tmp_path / "recordings").mkdir()
        (tmp_path / "recordings" / "thanks.wav").write_bytes(wav(buzz(300)))
        (file := tmp_path / "suite.yaml").write_text(block.text, encoding="utf-8")
        assert load_suite(file).scenarios
    elif "prices" in read:
        tenant_file.parse(block.text)
    else:
        parse(block.text)


def run(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_subscribers_are_found_where_their_modules_are_loaded(tmp_path: Path) -> None:
    for sign in ("@subscriber(", "@opening("):
        name = {"@subscriber(": "on_words", "@opening(": "crm"}[sign]
        found = run(of("docs/analytics.md", "python", sign) + f"\nprint({name})", tmp_path)
        assert found.strip()


def test_the_warehouse_is_asked(tmp_path: Path) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415  # only here

    from tests.unit.runtime.story import story  # noqa: PLC0415  # the same
    from workers.analytics import warehouse  # noqa: PLC0415  # DuckDB is an optional extra

    pytest.importorskip("duckdb", reason="NOT TESTED HERE: DuckDB")
    warehouse.write(tmp_path / ".aura" / "analytics", story(), datetime.now(UTC))
    assert "continuous" in run(of("docs/analytics.md", "python", "warehouse.database"), tmp_path)


def test_a_session_file_is_read_without_aura(tmp_path: Path) -> None:
    event = msgpack.packb({"type": "session.started"})
    with zipfile.ZipFile(tmp_path / "call.aura", "w") as file:
        file.writestr("manifest.json", "{}")
        file.writestr("events.msgpack", msgpack.packb(["aura.ev.t.s.life", {}, event, 1.0]))
    assert "session.started" in run(of("docs/session-file.md", "python"), tmp_path)


@pytest.mark.parametrize("page", ["docs/clients.md", "clients/js/README.md"])
def test_the_library_is_used_as_it_is_written(page: str, tmp_path: Path) -> None:
    """With a button and words of the page's own, up to the click."""
    if not (node := shutil.which("node")):
        pytest.skip("NOT TESTED HERE: JavaScript needs node (apt-get install nodejs)")
    library = (ROOT / "clients" / "js" / "aura.js").as_uri()
    code = re.sub(r'from "[^"]*"', f'from "{library}"', of(page, "js", "AuraCall"))
    own = "const button = {}; const [show, append, replace, complain] = Array(4).fill(() => {});"
    tried = "if (call.state !== 'idle' || !button.onclick) throw new Error(call.state);"
    (file := tmp_path / "snippet.mjs").write_text(f"{own}\n{code}\n{tried}", encoding="utf-8")
    done = subprocess.run(
        [node, str(file)], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_snippet_is_of_a_kind_that_is_tried() -> None:
    run_here = {
        ("docs/analytics.md", "python"),
        ("docs/session-file.md", "python"),
        ("docs/speech-api.md", "python"),  # integration/test_documented_commands, with its server
        ("clients/js/README.md", "js"),
        ("docs/clients.md", "js"),
    }
    read_here = {"json", "yaml", "html"} | DRAWINGS
    for one in ALL:
        place = (one.page, one.language)
        known = place in run_here or place in RUN_ELSEWHERE or one.language in read_here
        assert known, f"{one} is run by no test: run it, or name the test that does"


def test_the_tests_that_are_named_are_there() -> None:
    for named in RUN_ELSEWHERE.values():
        test = re.split(r",", named, maxsplit=1)[0]
        assert (ROOT / "tests" / f"{test}.py").exists(), named
