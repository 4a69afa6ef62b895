"""Stock clients of OpenAI's Realtime API, unmodified, hold a conversation with Aura.

Each runs in a process and an environment of its own: `make clients` installs them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

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


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    edge = Edge(tmp_path_factory.mktemp("plain"), tls=False)
    try:
        edge.aura.wait_until_ready()
        yield edge
    finally:
        edge.aura.stop()


@pytest.fixture(scope="module")
def tls_edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    edge = Edge(tmp_path_factory.mktemp("tls"), tls=True)
    try:
        edge.aura.wait_until_ready()
        yield edge
    finally:
        edge.aura.stop()


@needs_python
async def test_openai_for_python(edge: Edge) -> None:
    found = await edge.told(PYTHON, script("openai_python.py"))
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
async def test_openai_agents_for_python_finds_every_event_valid(edge: Edge) -> None:
    found = await edge.told(PYTHON, script("agents_python.py"))
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
async def test_livekit(edge: Edge) -> None:
    found = await edge.told(PYTHON, script("livekit_python.py"))
    assert (found["errors"], found["heard"]) == ([], [HEARD])
    assert found["audio_ms"] == pytest.approx(4000, abs=50)
    assert [text[:4] for text in found["texts"]] == ["Sure", "Sure"]
    assert found["history"] == ["user", "assistant", "user", "assistant", "assistant"]


@needs_python
async def test_pipecat(edge: Edge) -> None:
    found = await edge.told(PYTHON, script("pipecat_python.py"))
    assert (found["errors"], found["heard"]) == ([], [HEARD, HEARD])
    assert found["answers"] == 3
    assert found["audio_ms"] >= 2000  # where the machine stalls, speech is taken for two turns


@needs_node
async def test_openai_agents_for_node(edge: Edge) -> None:
    found = await edge.told("node", script("agents_node.mjs"))
    assert found["errors"] == []
    assert found["interrupted"]
    assert found["retrieved"]
    assert found["audio_bytes"] > 48 * 5000
    said = [line[1] for line in found["history"] if line[0] == "user"]
    assert said[:4] == [HEARD, "A typed question.", "And one more.", HEARD]
    assert "#5" in found["history"][-1][1]


@needs_node
async def test_openai_for_node_over_tls(tls_edge: Edge) -> None:
    found = await tls_edge.told("node", script("openai_node.mjs"))
    assert found["errors"] == []
    assert found["heard"] == HEARD
    assert found["answer"].startswith("Sure")
    assert found["interrupted"] == ["cancelled", "turn_detected"]
    assert found["truncated"] == 100
