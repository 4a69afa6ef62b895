"""Hostile messages, the same for the same seed. Pure."""

import base64
import json
import random
import struct
from collections.abc import Callable, Iterator
from typing import Any

import msgpack

TYPES = (
    "start_conversation audio_chunk end_conversation end_call ping pong greeting transcript "
    "START_CONVERSATION audio-chunk __proto__ type null"
).split()
BIG_BYTES = 5 << 20
"""Rare: one in two thousand."""


def for_sockets(seed: int, count: int) -> Iterator[str | bytes]:
    """Yield *count* WebSocket messages: text or binary; none begins or ends a call."""
    rng = random.Random(seed)
    makers: list[Callable[[random.Random], str | bytes]] = [
        _noise_text,
        _noise_binary,
        _cut_json,
        _deep_json,
        _no_object,
        _wrong_types,
        _bad_base64,
        _broken_wav,
        _unknown_type,
        _numbers,
        _nothing,
    ]
    huge: list[Callable[[random.Random], str | bytes]] = [_huge_text, _huge_binary]
    for _ in range(count):
        if rng.random() < 1 / 2000:
            yield rng.choice(huge)(rng)
        else:
            yield rng.choice(makers)(rng)


def _noise_text(rng: random.Random) -> str:
    return "".join(chr(rng.choice([*range(1, 0x250), 0x1F600, 0xFFFD])) for _ in range(60))


def _noise_binary(rng: random.Random) -> bytes:
    return rng.randbytes(rng.randrange(0, 2000))


def _cut_json(rng: random.Random) -> str:
    whole = json.dumps({"type": rng.choice(TYPES), "audio_data": "UklGRg==", "x": [1, {"y": None}]})
    return whole[: rng.randrange(0, len(whole) - 1)]


def _deep_json(rng: random.Random) -> str:
    (depth,) = rng.choices([10, 1000, 100_000], [20, 20, 1])  # a long one takes as long as many
    opening, closing = rng.choice([("[", "]"), ('{"type":', "}")])
    return opening * depth + "1" + (closing * depth if rng.random() < 0.5 else "")


def _no_object(rng: random.Random) -> str:
    return json.dumps(rng.choice([None, True, 1, -0.5, "ping", [], [{"type": "ping"}], {}]))


def anything(rng: random.Random) -> Any:
    """Return a JSON value of any kind."""
    whole = [None, True, 7, -1e300, 2**63, "", "x" * 500, "\x00\x1b[2J"]
    return rng.choice([*whole, [], [1, [2]], {}, {"a": {"b": [{}]}}])


def _wrong_types(rng: random.Random) -> str:
    kind = rng.choice([anything(rng), rng.choice(TYPES)])
    message = {"type": kind, "audio_data": anything(rng), "timestamp": anything(rng)}
    if kind == "start_conversation":
        message |= {"stream": "yes please"}
    if kind in ("end_call", "end_conversation"):  # it is valid whatever else it has
        message["type"] = [kind]
    return json.dumps(message)


def _bad_base64(rng: random.Random) -> str:
    junk = "".join(rng.choice("AB+/=-_ \n*é") for _ in range(rng.randrange(1, 80)))
    return json.dumps({"type": "audio_chunk", "audio_data": junk})


def _broken_wav(rng: random.Random) -> str:
    fields = [rng.choice([0, 1, 3, 0xFFFE, rng.randrange(65536)]) for _ in range(2)]
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        rng.choice([0, 36, 0xFFFFFFFF]),
        b"WAVE",
        b"fmt ",
        rng.choice([16, 18, 40, 0, 0x7FFFFFFF]),
        *fields,
        rng.choice([0, 1, 16000, 0xFFFFFFFF]),
        rng.randrange(1 << 32),
        rng.randrange(65536),
        rng.choice([0, 1, 7, 16, 65535]),
        rng.choice([b"data", b"LIST", b"\0\0\0\0"]),
        rng.choice([0, 4, 0xFFFFFFFF]),
    )
    data = head[: rng.randrange(4, len(head))] + rng.randbytes(rng.randrange(0, 50))
    return json.dumps({"type": "audio_chunk", "audio_data": base64.b64encode(data).decode()})


def _unknown_type(rng: random.Random) -> str:
    name = "".join(chr(rng.randrange(1, 0x3000)) for _ in range(rng.choice([1, 10, 5000])))
    return json.dumps({"type": name})


def _numbers(rng: random.Random) -> str:
    return rng.choice(
        [
            '{"type": "pin", "timestamp": NaN}',
            '{"type": "pin", "timestamp": 1e999}',
            '{"type": ' + "9" * 5000 + "}",
            '{"type": "pin", "timestamp": ' + "9" * 400 + "}",
            '{"type": "\\ud800"}',
            '{"type": "pin", "type": 3}',
        ]
    )


def _nothing(rng: random.Random) -> str:
    return rng.choice(["", " ", "\n", "\x00", "\ufeff{}"])


def _huge_text(rng: random.Random) -> str:
    return rng.choice(['{"type": "', "[", " "]) + "a" * BIG_BYTES


def _huge_binary(rng: random.Random) -> bytes:
    return rng.randbytes(1024) * (BIG_BYTES // 1024)


# ---------------------------------------------------------------- on the bus


def for_bus(seed: int, count: int) -> Iterator[bytes]:
    """Yield *count* payloads, none of which is an event."""
    rng = random.Random(seed)
    makers: list[Callable[[random.Random], bytes]] = [
        lambda rng: rng.randbytes(rng.randrange(0, 300)),
        lambda rng: _packed(anything(rng)),
        lambda _: json.dumps({"type": "turn.taken"}).encode(),
        _half_an_event,
        _event_of_wrong_types,
        lambda rng: b"\x81" * rng.choice([10, 5000]),  # nested maps
        lambda _: b"\xdd\xff\xff\xff\xff",  # an array of four thousand million
    ]
    for _ in range(count):
        yield rng.choice(makers)(rng) if rng.random() < 0.999 else rng.randbytes(500_000)


KINDS = "speech.started turn.taken response.sentence transcript.guess speech.ready job.failed no"


def _half_an_event(rng: random.Random) -> bytes:
    whole: bytes = msgpack.packb(
        {"type": rng.choice(KINDS.split()), "tenant": "default", "session": "s", "at_ms": 1}
    )
    return whole[: rng.randrange(1, len(whole))] if rng.random() < 0.5 else whole


def _event_of_wrong_types(rng: random.Random) -> bytes:
    names = "tenant session at_ms turn utterance index text messages deadline_ms stage".split()
    fields = {name: anything(rng) for name in names}
    return _packed({"type": rng.choice(KINDS.split()), **fields})


def _packed(thing: Any) -> bytes:
    packed: bytes = msgpack.packb(thing, default=str)
    return packed
