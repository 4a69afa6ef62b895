"""Stock clients of OpenAI's Realtime API, unmodified, hold a conversation with Aura.

Each runs in a process and an environment of its own: `make clients` installs them.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.clients.edge import INSTALLED, PYTHON, Edge, script

HEARD = "Hello, how are you today?"

pytestmark = pytest.mark.integration
needs_python = pytest.mark.skipif(
    not PYTHON.exists(), reason="NOT TESTED HERE: stock Realtime clients: run `make clients`"
)
needs_node = pytest.mark.skipif(
    not ((INSTALLED / "node_modules" / "openai").exists() and shutil.which("node")),
    reason="NOT TESTED HERE: stock Realtime clients for Node: install npm, run `make clients`",
)


Told = Callable[[str], dict[str, Any]]
PLAIN = [
    *("openai_python.py", "agents_python.py", "livekit_python.py", "pipecat_python.py"),
    "agents_node.mjs",
]
OVER_TLS = ["openai_node.mjs"]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Return what tells what a script printed; two run at a time, since they wait for speech."""
    edges = {tls: Edge(tmp_path_factory.mktemp(f"tls-{tls}"), tls=tls) for tls in (False, True)}

    def run(name: str) -> dict[str, Any]:
        command = PYTHON if name.endswith(".py") else "node"
        return asyncio.run(edges[name in OVER_TLS].told(command, script(name)))

    try:
        for edge in edges.values():
            edge.aura.wait_until_ready()
        with ThreadPoolExecutor(2) as pool:
            running = {name: pool.submit(run, name) for name in [*PLAIN, *OVER_TLS]}
            yield lambda name: running[name].result()
    finally:
        for edge in edges.values():
            edge.aura.stop()


@needs_python
def test_openai_for_python(told: Told) -> None:
    found = told("openai_python.py")
    answer = found.pop("answer")
    assert answer.startswith("Sure")
    assert found.pop("goes_on").startswith("Sure")
    assert found == {
        "heard": HEARD,
        "typed": answer,
        "metadata": {"topic": "x"},
        "turn_detection": None,
        "cancelled": "cancelled",
        "truncated": 60,
        "retrieved": True,
        "resumed": True,
        "secret": "ek_",
        "instructions": "Be brief.",
        "transcription": "transcription",
        "words": HEARD,
    }


@needs_python
def test_openai_agents_for_python_finds_every_event_valid(told: Told) -> None:
    found = told("agents_python.py")
    assert found["wrong"] == []
    assert {"audio", "audio_interrupted", "agent_start", "agent_end"} <= set(found["events"])
    assert found["audio_ms"] > 5000
    roles = [line[0] for line in found["history"]]
    assert roles == ["user", "assistant"] * 6
    said = [line[1] for line in found["history"] if line[0] == "user"]
    assert said[:5] == [HEARD, "A typed question.", "Another one.", "And one more.", HEARD]
    assert "#5" in found["history"][-1][1]
    assert {"tool_start", "tool_end"} <= set(found["events"])
    whole, cut = found["history"][1][1], found["history"][5][1]
    assert whole.startswith(cut)
    assert len(cut) < len(whole)


@needs_python
def test_livekit(told: Told) -> None:
    found = told("livekit_python.py")
    assert (found["errors"], found["heard"]) == ([], [HEARD])
    assert found["audio_ms"] == pytest.approx(4000, abs=50)
    assert [text[:4] for text in found["texts"]] == ["Sure", "Sure"]
    assert found["history"] == ["user", "assistant", "user", "assistant", "assistant"]


@needs_python
def test_pipecat(told: Told) -> None:
    found = told("pipecat_python.py")
    assert (found["errors"], set(found["heard"])) == ([], {HEARD})
    assert len(found["heard"]) >= 2  # where the machine stalls, speech is taken for two turns
    assert found["answers"] >= 3
    assert found["audio_ms"] >= 2000


@needs_node
def test_openai_agents_for_node(told: Told) -> None:
    found = told("agents_node.mjs")
    assert found["errors"] == []
    assert found["interrupted"]
    assert found["retrieved"]
    assert found["audio_bytes"] > 48 * 5000
    said = [line[1] for line in found["history"] if line[0] == "user"]
    assert said[:4] == [HEARD, "A typed question.", "And one more.", HEARD]
    assert "#5" in found["history"][-1][1]


@needs_node
def test_openai_for_node_over_tls(told: Told) -> None:
    found = told("openai_node.mjs")
    assert found["errors"] == []
    assert found["heard"] == HEARD
    assert found["answer"].startswith("Sure")
    assert found["interrupted"] == ["cancelled", "turn_detected"]
    assert found["truncated"] == 100
