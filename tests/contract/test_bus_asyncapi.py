"""The AsyncAPI document of the bus is one, and agrees with the streams, the users and the code."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from schemas import audio, codec, events, generate
from schemas.documents import asyncapi
from schemas.documents.asyncapi_messages import identity, is_fenced
from schemas.documents.asyncapi_parameters import PARAMETERS
from schemas.events import tag
from schemas.routes import route
from schemas.stages import STAGE_NAMES, STAGES
from tests.contract.test_events import sample

ROOT = Path(__file__).parents[2]
USERS = (ROOT / "nats" / "users.conf").read_text(encoding="utf-8")
BUILT_BY_TYPE = {"InterruptionSuspected", "InterruptionStopped", "InterruptionDismissed"}
"""Events that edge/core/response/current_response.py makes by a type that it is given."""
WORKERS: dict[str, set[str]] = {
    "workers/stt/stage.py": {"stt"},
    "workers/tts/stage.py": {"tts"},
    "workers/llm/stage.py": {"llm"},
    "workers/llm/response_chain.py": {"llm"},
    "workers/tools/stage.py": {"tool"},
    "workers/loop/retry_policy.py": set(STAGE_NAMES),
}
"""The modules of workers that make events, and the stages that run them."""
EVENTS = generate.event_types()


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(generate.documents()["asyncapi.json"])
    return found


@cache
def event_schemas() -> dict[str, Any]:
    return generate.json_schema()


def operations(action: str) -> dict[str, dict[str, Any]]:
    every = document()["operations"]
    return {name: one for name, one in every.items() if one["action"] == action}


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    if isinstance(part, list):
        for inner in part:
            yield from references(inner)


def at(reference: str) -> Any:
    """Return what a reference names."""
    file, _, path = reference.partition("#/")
    found = event_schemas() if file else document()
    for key in path.split("/"):
        found = found[key]
    return found


def allowed(user: str) -> set[str]:
    """Return the subjects on which *user* may publish."""
    of_user = re.split(r"\n +user: ", USERS)[1:]
    (block,) = (one for one in of_user if one.split("\n")[0].strip() == user)
    (listed,) = re.findall(r"publish: \{\s+allow: \[(.*?)\]", block, re.DOTALL)[:1]
    return set(re.findall(r'"([^"]+)"', listed))


def test_every_reference_names_something() -> None:
    found = set(references(document()))
    assert all(at(one) is not None for one in found)
    assert any(one.startswith("./events.schema.json#/") for one in found)


def test_an_address_has_a_described_parameter_for_each_variable_token() -> None:
    for name, channel in document()["channels"].items():
        tokens = re.findall(r"{(\w+)}", channel["address"] or "")
        assert list(channel["parameters"]) == tokens, name
    assert all(len(one["description"]) > 20 for one in PARAMETERS.values())
    assert document()["components"]["parameters"]["side"]["enum"] == ["caller", "client"]


def test_an_operation_has_messages_of_its_channel_only() -> None:
    for name, one in document()["operations"].items():
        channel = one["channel"]["$ref"]
        for message in one.get("messages", ()):
            assert message["$ref"].startswith(f"{channel}/messages/"), name


def test_every_channel_is_read_and_every_message_is_sent() -> None:
    channels = {name for name, of in document()["channels"].items() if of["address"] is not None}
    assert {f"read.{name}" for name in channels} == set(operations("receive"))
    sent = {
        message["$ref"].rpartition("/")[2]
        for one in operations("send").values()
        for message in (*one["messages"], *one.get("reply", {}).get("messages", ()))
    }
    assert sent == set(document()["components"]["messages"])


@pytest.mark.parametrize(
    ("channel", "request_", "reply"),
    [
        ("call", "CallRequest", "CallReply"),
        ("calls", "CallsRequest", "CallsReply"),
        ("tool", "ServiceCall", "ServiceReply"),
    ],
)
def test_a_request_has_its_reply_for_who_asks_and_who_answers(
    channel: str, request_: str, reply: str
) -> None:
    assert list(document()["channels"][channel]["messages"]) == [request_]
    assert document()["channels"][f"{channel}.reply"]["address"] is None
    ends = [
        one
        for one in document()["operations"].values()
        if one["channel"]["$ref"] == f"#/channels/{channel}"
    ]
    assert {one["action"] for one in ends} == {"send", "receive"}
    for one in ends:
        (answer,) = one["reply"]["messages"]
        assert answer["$ref"] == f"#/channels/{channel}.reply/messages/{reply}"


def test_a_writer_is_a_user_who_may_write_there() -> None:
    users = {"controller": "edge"}
    for name, one in operations("send").items():
        (role,) = (label["name"] for label in one["tags"])
        channel = document()["channels"][one["channel"]["$ref"].removeprefix("#/channels/")]
        subject = re.sub(r"{\w+}", "*", channel["address"])
        assert subject in allowed(users.get(role, role)), name


@pytest.mark.parametrize("role", ["edge", *STAGE_NAMES])
def test_a_user_may_write_no_other_kind_of_event(role: str) -> None:
    kinds = {subject.rpartition(".")[2] for subject in allowed(role) if "aura.ev." in subject}
    written = {kind.KIND for kind in EVENTS if role in route(kind).writers}
    assert {kind for kind in kinds if kind in asyncapi.CHANNELS} == written


def made_in(path: Path) -> set[str]:
    """Return the names of the types that the code in *path* makes."""
    names, text = {kind.__name__ for kind in EVENTS}, path.read_text(encoding="utf-8")
    if names.isdisjoint(re.findall(r"\w+", text)):
        return set()
    nodes = ast.walk(ast.parse(text))
    calls = [one for one in nodes if isinstance(one, ast.Call)]
    called = {
        one.func.attr if isinstance(one.func, ast.Attribute) else one.func.id
        for one in calls
        if isinstance(one.func, ast.Attribute | ast.Name)
    }
    return called & names


def test_the_writers_are_those_whose_code_makes_the_event() -> None:
    made: dict[str, set[str]] = {name: {"edge"} for name in BUILT_BY_TYPE}
    for path in (ROOT / "edge").rglob("*.py"):
        for name in made_in(path):
            made.setdefault(name, set()).add("edge")
    for path in (ROOT / "workers").rglob("*.py"):
        if names := made_in(path):
            roles = WORKERS[str(path.relative_to(ROOT))]
            for name in names:
                made.setdefault(name, set()).update(roles)
    assert made == {kind.__name__: set(route(kind).writers) for kind in EVENTS}


def test_a_stages_jobs_come_from_its_consumer() -> None:
    reads = operations("receive")
    found = {
        name.removeprefix("read.ev."): one["x-jetstream-consumer"]
        for name, one in reads.items()
        if "x-jetstream-consumer" in one
    }
    assert found == {stage.kind: stage.consumer for stage in STAGES}


def test_a_channel_names_the_stream_that_stores_it() -> None:
    stored: dict[str, str] = {}
    for path in (ROOT / "nats" / "streams").glob("AURA_*.json"):
        stream = json.loads(path.read_text(encoding="utf-8"))
        stored |= dict.fromkeys(stream["subjects"], stream["name"])
    for name, channel in document()["channels"].items():
        subject = re.sub(r"{\w+}", "*", channel["address"] or "")
        subject = re.sub(r"^(aura\.ev\.\*\.\*)\.\w+$", r"\1.*", subject)
        assert channel.get("x-jetstream-stream") == stored.get(subject), name


def test_audio_is_kept_as_long_as_is_said() -> None:
    stream = json.loads((ROOT / "nats" / "streams" / "AURA_AUDIO.json").read_text("utf-8"))
    assert stream["max_age"] == audio.AUDIO_RETENTION_S * 1_000_000_000
    for name in ("audio", "speech"):
        assert f"{audio.AUDIO_RETENTION_S} s" in document()["channels"][name]["description"]
    assert "minute" not in json.dumps(document()["channels"])


def test_events_have_the_headers_that_workers_must_know() -> None:
    for kind in EVENTS:
        headers = document()["components"]["messages"][tag(kind)]["headers"]["properties"]
        assert {codec.COPY_HEADER, codec.AGAIN_HEADER, codec.TRACE_HEADER} < set(headers)
        assert (codec.FENCE_HEADER in headers) is is_fenced(kind)
    fenced = {kind.__name__ for kind in EVENTS if is_fenced(kind)}
    assert fenced == {"ResponseSentence", "ResponseCompleted", "ToolCalled"}


def filled(pattern: str, event: events.Event) -> str:
    """Return the id that a reader makes of *pattern*, as the document explains it."""
    stored = msgspec.to_builtins(event)

    def value(found: re.Match[str]) -> str:
        return str(stored[found[1]])

    def bracketed(found: re.Match[str]) -> str:
        (field,) = re.findall(r"<(\w+)>", found[1])
        return found[1] if stored[field] else ""

    return re.sub(r"<(\w+)>", value, re.sub(r"\[(.*?)\]", bracketed, pattern))


@pytest.mark.parametrize("kind", EVENTS, ids=tag)
def test_an_id_is_what_its_pattern_says(kind: type[events.Event]) -> None:
    event = sample(kind)
    assert filled(identity(kind), event) == event.id
    described = document()["components"]["messages"][tag(kind)]["headers"]["properties"]
    assert f"`{identity(kind)}`" in described[codec.ID_HEADER]["description"]


def test_a_later_step_or_part_is_a_part_of_the_id_and_0_is_none() -> None:
    whose = {"tenant": "t", "session": "s_1", "at_ms": 1, "turn": 2, "model": "m"}
    said = {"sentences": 1, "text": "", "prompt_tokens": 0, "completion_tokens": 0, "took_ms": 1.0}
    first = events.ResponseCompleted(**whose, **said)  # type: ignore[arg-type]  # of each type
    later = events.ResponseCompleted(**whose, **said, step=3)  # type: ignore[arg-type]  # the same
    assert (first.id, later.id) == (
        "s_1.response.completed.2",
        "s_1.response.completed.2.step3",
    )
    whole = events.AnswerHeard(
        tenant="t", session="s_1", at_ms=1, turn=2, text="", complete=True, played_ms=0
    )
    rest = events.AnswerHeard(
        tenant="t",
        session="s_1",
        at_ms=1,
        turn=2,
        text="",
        complete=True,
        played_ms=0,
        earlier_connections=1,
    )
    assert (whole.id, rest.id) == ("s_1.answer.heard.2", "s_1.answer.heard.2.1")
