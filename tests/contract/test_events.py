"""The contract holds: bytes of version 1 decode for ever, documents are in step with the types."""

from __future__ import annotations

import json
import re
import typing
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import msgpack
import msgspec
import pytest
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from schemas import codec, events, generate, subjects
from schemas.audio import AudioFrame, SpeechChunk, TranscriptPartial
from schemas.control import AnyCommand
from workers.tts.speech_chunks import MOST_CHUNK_BYTES

json_schema = cache(generate.json_schema)
SCHEMA = "urn:aura:events"
STREAMS = Path(__file__).parents[2] / "nats" / "streams"
GOLDEN = Path(__file__).parent / "golden" / "events-v1.json"
FILLED = GOLDEN.with_name("events-v1-filled.json")
WIRE_NAMES = Path(__file__).parents[2] / "docs" / "adr" / "0054-wire-names-stay.md"
HEAD = {"tenant": "acme", "session": "s_1", "at_ms": 1_700_000_000_000}
TYPES: list[type[events.Event]] = list(typing.get_args(events.AnyEvent))


@cache
def registry() -> Registry[Any]:
    """Return what finds the definitions of the JSON Schema by SCHEMA; it is searched once."""
    resource = DRAFT202012.create_resource(json_schema())
    found: Registry[Any] = Registry().with_resource(SCHEMA, resource)
    return found.crawl()


def sample(kind: type[msgspec.Struct]) -> Any:
    """An instance of *kind* with every field filled."""
    made: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        made[field.encode_name] = _value(field.type)
    if issubclass(kind, events.Event):
        made |= HEAD
    return msgspec.convert(made, kind)


def _value(kind: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin is typing.Literal:
        return typing.get_args(kind)[0]
    if origin is typing.Annotated:
        usual, meta = _value(typing.get_args(kind)[0]), typing.get_args(kind)[1]
        return max(usual, meta.ge) if isinstance(meta.ge, int) else usual
    if origin is dict:
        return {}
    if origin is tuple:
        return [_value(typing.get_args(kind)[0])]
    if type(None) in typing.get_args(kind):
        return _value(next(one for one in typing.get_args(kind) if one is not type(None)))
    if kind == AnyCommand:
        return {"action": "say", "text": "text", "interruptible": True}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        named = {kind.__struct_config__.tag_field: kind.__struct_config__.tag}
        made = {f.encode_name: _value(f.type) for f in msgspec.structs.fields(kind)}
        return made | {field: tag for field, tag in named.items() if field}
    return {str: "text", int: 20, float: 0.5, bool: True, bytes: b"\x01\x02"}[kind]


@pytest.mark.parametrize("kind", [*TYPES, AudioFrame, SpeechChunk, TranscriptPartial])
def test_every_message_survives_the_wire(kind: type[msgspec.Struct]) -> None:
    message = sample(kind)
    data = codec.encode(message)
    decoded = codec.decode(data) if issubclass(kind, events.Event) else codec.decode_as(kind, data)
    assert decoded == message


@pytest.mark.parametrize("kind", TYPES)
def test_golden_bytes_of_version_1_still_decode(kind: type[events.Event]) -> None:
    tag = events.tag(kind)
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    event = codec.decode(bytes.fromhex(golden[tag]["msgpack"]))
    assert type(event) is kind
    assert event.id == golden[tag]["id"]
    assert subjects.event(event) == golden[tag]["subject"]


def survives(before: Any, after: Any) -> bool:
    """Tell whether *after* has all keys and values of *before*; objects may have gained keys."""
    if isinstance(before, dict):
        return isinstance(after, dict) and all(
            key in after and survives(value, after[key]) for key, value in before.items()
        )
    return bool(before == after)


@pytest.mark.parametrize("kind", TYPES)
def test_every_field_of_version_1_keeps_its_name_and_value_on_the_wire(
    kind: type[events.Event],
) -> None:
    """The golden bytes have every field filled: a lost name would decode to its default."""
    golden = json.loads(FILLED.read_text(encoding="utf-8"))
    data = bytes.fromhex(golden[events.tag(kind)])
    again = codec.encode(codec.decode(data))
    assert survives(msgpack.unpackb(data), msgpack.unpackb(again))


@pytest.mark.parametrize(
    ("limit", "used"), [("tokens", 40), ("speech_s", 40.5), ("price", 0.5)], ids=str
)
def test_an_older_reached_limit_is_read_with_its_unit(limit: str, used: float) -> None:
    said = {"type": "spend.reached", "limit": limit, "most": used - 0.25, "used": used}
    event = codec.decode(msgpack.packb(HEAD | said))
    filled = {
        field: getattr(event, field)
        for field in event.__struct_fields__
        if field.startswith(("most_", "used_")) and getattr(event, field) is not None
    }
    most = 39 if limit == "tokens" else used - 0.25
    assert filled == {f"most_{limit}": most, f"used_{limit}": used}


@pytest.mark.parametrize(("pause", "cut_ms"), [(2, 0), (-14_000, 14_000)])
def test_an_older_cut_is_read_with_its_unit(pause: int, cut_ms: int) -> None:
    wire = msgpack.unpackb(codec.encode(sample(events.TranscriptGuess))) | {"pause": pause}
    del wire["cut_ms"]
    event = codec.decode(msgpack.packb(wire))
    assert isinstance(event, events.TranscriptGuess)
    assert (event.pause, event.cut_ms) == (pause, cut_ms)
    assert event.id.endswith(f".{pause}"), "an older writer's duplicate has the same id"


def test_a_field_with_two_names_is_in_the_table_of_adr_54() -> None:
    row = re.compile(r"^\| `([a-z.]+)` \| `(\w+)` \| `(\w+)` \|$", re.MULTILINE)
    rows = row.findall(WIRE_NAMES.read_text(encoding="utf-8"))
    assert sorted(rows) == sorted(
        (events.tag(kind), field.name, field.encode_name)
        for kind in TYPES
        for field in msgspec.structs.fields(kind)
        if field.name != field.encode_name
    )


def test_unknown_fields_are_ignored_so_that_old_readers_live() -> None:
    data = msgpack.unpackb(codec.encode(sample(events.TurnCommitted)))
    data["brand_new"] = {"deep": [1, 2]}
    assert codec.decode(msgpack.packb(data)) == sample(events.TurnCommitted)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\x90",
        b"\x81\xa4type\xa4nope",
        b"\x93\x01\x02\x03",
        b"\x91" * 3000,
        b"x" * 99,
    ],
)
def test_anything_else_is_refused_with_one_error(data: bytes) -> None:
    with pytest.raises(codec.BadMessageError):
        codec.decode(data)


def test_a_field_of_a_wrong_type_is_named() -> None:
    data = msgpack.unpackb(codec.encode(sample(events.TurnCommitted)))
    data["turn"] = "three"
    with pytest.raises(codec.BadMessageError, match=r"\$\.turn"):
        codec.decode(msgpack.packb(data))


def test_an_id_is_the_same_for_the_same_fact_and_differs_between_facts() -> None:
    first = sample(events.ResponseSentence)
    again = msgspec.structs.replace(first, text="other words", at_ms=first.at_ms + 5)
    other = msgspec.structs.replace(first, index=first.index + 1)
    assert first.id == again.id != other.id


def test_outdated_documents_are_named_or_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = {"a.json": "1\n", "b.json": "2\n", "c.json": "3\n"}
    (tmp_path / "a.json").write_text("1\n", encoding="utf-8")
    (tmp_path / "c.json").write_text("0\n", encoding="utf-8")
    assert generate.written(made, tmp_path, check=True) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"{tmp_path.name}/{name} is outdated: run `make schemas`" for name in ("b.json", "c.json")
    ]
    assert not (tmp_path / "b.json").exists()
    assert generate.written(made, tmp_path) == 0
    assert {one.name: one.read_text(encoding="utf-8") for one in tmp_path.iterdir()} == made
    assert generate.written(made, tmp_path, check=True) == 0


def test_committed_documents_are_in_step_with_the_types() -> None:
    here = Path(generate.__file__).parent
    for name, text in generate.documents().items():
        assert (here / name).read_text(encoding="utf-8") == text, f"{name}: run `make schemas`"


@pytest.mark.parametrize("kind", TYPES)
def test_the_json_schema_accepts_what_is_on_the_wire(kind: type[events.Event]) -> None:
    wire = msgpack.unpackb(codec.encode(sample(kind)))
    wire = {name: "AQI=" if value == b"\x01\x02" else value for name, value in wire.items()}
    # the whole schema is checked by its own test, which takes as long as a hundred of these
    schema = {"$ref": f"{SCHEMA}#/$defs/{kind.__name__}"}
    jsonschema.Draft202012Validator(schema, registry=registry()).validate(wire)


def test_the_json_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_streams_and_consumers_fit_the_subjects() -> None:
    root = Path(__file__).parents[2] / "nats"
    stream = json.loads((root / "streams" / "AURA_EVENTS.json").read_text(encoding="utf-8"))
    assert stream["name"] == subjects.EVENTS_STREAM
    pattern = stream["subjects"][0].split(".")
    for kind in TYPES:
        subject = subjects.event(sample(kind)).split(".")
        assert len(subject) == len(pattern)
        assert subject[:2] == pattern[:2]
    filters = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))["config"]["filter_subject"]
        for path in (root / "consumers").glob("*.json")
    }
    assert filters == {
        "STT": subjects.session_events("*", "*", events.SpeechStarted.KIND),
        "LLM": subjects.session_events("*", "*", events.TurnTaken.KIND),
        "TOOL": subjects.session_events("*", "*", events.ToolRequested.KIND),
        "HOOK": subjects.session_events("*", "*", events.WebhookRequested.KIND),
        "TTS": subjects.session_events("*", "*", events.ResponseSentence.KIND),
    }


def test_our_folder_nats_does_not_shadow_the_package() -> None:
    import nats  # noqa: PLC0415  # the import is the test

    assert callable(nats.connect)


@pytest.mark.parametrize("text", ["", "a.b", "a b", "*", ">", "x" * 129, "ü", "a\n"])
def test_what_is_no_token_never_gets_into_a_subject(text: str) -> None:
    assert not subjects.is_token(text)
    with pytest.raises(ValueError, match="A-Z"):
        subjects.token(text)


def test_the_largest_chunk_of_speech_fits_its_stream() -> None:
    stream = json.loads((STREAMS / "AURA_AUDIO.json").read_text(encoding="utf-8"))
    pcm = bytes(MOST_CHUNK_BYTES)
    chunk = SpeechChunk(turn=2**31, index=999, chunk=9999, pcm=pcm, last=True)
    assert len(codec.encode(chunk)) + 1024 < stream["max_msg_size"], "1 KiB for the headers"
