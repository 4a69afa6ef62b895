"""Creates or updates the streams and consumers that `nats/` declares."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from deploy import resources
from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from schemas import subjects

JETSTREAM_TIMEOUT_S = 5.0
JETSTREAM_S = 10.0
"""The longest wait for JetStream, in which a cluster elects a leader and its nodes join."""
NO_PEERS = 10005
SHARES = {subjects.EVENTS_STREAM: 2, subjects.RECORDING_STREAM: 4}
"""The streams that may take a half and a quarter of the disk."""
OTHER_SHARE = 16
"""The part of the disk that each other stream may take, of which there are four: a sixteenth."""
STREAM_NOT_FOUND = 10059
ERROR_ADVICE = {
    10047: "the server's disk or memory limit is too small: raise max_file_store or "
    "max_memory_store in its configuration, or the account's limits",
    **dict.fromkeys(
        (10074, 10005),
        "fewer servers than AURA_REPLICAS, or too little room on them: start more, lower it, or "
        "raise max_file_store (NATS_DISK in nats/cluster) above the sizes in nats/streams",
    ),
    10039: "JetStream is not enabled: start nats-server with -js",
    10076: "JetStream is not enabled for this account",
}


class ProvisionError(Exception):
    """The server refused a change; the message says what to do."""


async def provision(
    bus: Bus,
    *,
    replicas: int = 1,
    file_bytes: int | None = None,
    force: bool = False,
) -> list[str]:
    """Apply `nats/` and return one line for each change, none if all was up to date.

    *file_bytes* is the disk space for all streams (`sized`); None leaves the sizes as declared. A
    stream that keeps more than declared is not shortened, which is reported as a line, unless
    *force* is set, because shortening erases messages at once.

    Raises:
        ProvisionError: the server refuses, or JetStream does not answer within JETSTREAM_S.
    """
    await _await_jetstream(bus)
    changed: list[str] = []
    for stream in resources.streams():
        wanted = {**sized(stream, file_bytes), "num_replicas": replicas}
        changed += await _stream(bus, wanted, stream.get("max_bytes", 0), force=force)
    for consumer in resources.consumers():
        changed += await _consumer(bus, consumer)
    return changed


def sized(stream: Mapping[str, Any], file_bytes: int | None) -> dict[str, Any]:
    """Return *stream* with a size that fits, beside the other streams, into *file_bytes*."""
    if file_bytes is None or stream["storage"] != "file":
        return {**stream}
    share = file_bytes // SHARES.get(stream["name"], OTHER_SHARE)
    return {**stream, "max_bytes": min(stream["max_bytes"], share)}


async def _await_jetstream(bus: Bus) -> None:
    """Wait until JetStream answers, since a cluster elects a leader first."""
    answer = await _request_until(bus, "INFO", {}, waits=bool)
    if "error" in answer:
        raise ProvisionError(_explanation("JetStream", answer["error"]))


async def _stream(
    bus: Bus, wanted: dict[str, Any], declared_bytes: int, *, force: bool
) -> list[str]:
    name = wanted["name"]
    info = await _request(bus, f"STREAM.INFO.{name}", {})
    if "error" in info and info["error"].get("err_code") != STREAM_NOT_FOUND:
        raise ProvisionError(_explanation(f"stream {name}", info["error"]))
    kept: list[str] = []
    if "config" in info and not force:
        keeps = _exceeded_limits(wanted, info, declared_bytes)
        kept = [
            f"stream {name} keeps its {limit}, which is longer than declared in nats/: --force "
            "shortens it, and erases what is beyond"
            for limit in keeps
        ]
        wanted = {**wanted, **{limit: info["config"].get(limit, 0) for limit in keeps}}
    if "config" in info and _same(wanted, info["config"]):
        return kept
    verb = "UPDATE" if "config" in info else "CREATE"
    answer = await _request_until(bus, f"STREAM.{verb}.{name}", wanted, waits=_joins)
    if "error" in answer:
        raise ProvisionError(_explanation(f"stream {name}", answer["error"]))
    return [*kept, f"stream {name} {verb.lower()}d"]


def _joins(error: Mapping[str, Any]) -> bool:
    """Tell whether a stream is refused because nodes that it needs have not joined yet."""
    return error.get("err_code") == NO_PEERS and "peer offline" in error["description"]


def _exceeded_limits(
    wanted: dict[str, Any], info: dict[str, Any], declared_bytes: int
) -> list[str]:
    """Return the limits (max_age, max_bytes) by which the stream *info* keeps more than *wanted*.

    A smaller size, which may follow from the disk, is fine as long as the stored messages fit and
    no operator has chosen a size above *declared_bytes*.
    """
    config, longer = info["config"], []
    if (most := wanted.get("max_age", 0)) and not 0 < config.get("max_age", 0) <= most:
        longer.append("max_age")
    size = config.get("max_bytes", -1)
    fits = info["state"]["bytes"] <= wanted["max_bytes"] and 0 < size <= declared_bytes
    if not fits and not 0 < size <= wanted["max_bytes"]:
        longer.append("max_bytes")
    return longer


async def _consumer(bus: Bus, wanted: dict[str, Any]) -> list[str]:
    config = wanted["config"]
    stream, name = wanted["stream_name"], config["durable_name"]
    info = await _request(bus, f"CONSUMER.INFO.{stream}.{name}", {})
    if "config" in info and _same(config, info["config"]):
        return []
    subject = f"CONSUMER.CREATE.{stream}.{name}.{config['filter_subject']}"
    answer = await _request(bus, subject, {"stream_name": stream, "config": config})
    if "error" in answer:
        raise ProvisionError(_explanation(f"consumer {name}", answer["error"]))
    return [f"consumer {name} {'updated' if 'config' in info else 'created'}"]


def _same(wanted: dict[str, Any], present: dict[str, Any]) -> bool:
    """Tell whether *present* has all values of *wanted*; other values are the server's choice."""
    return all(
        present.get(key, False if value is False else None) == value
        for key, value in wanted.items()
    )


async def _request_until(
    bus: Bus, verb: str, body: dict[str, Any], *, waits: Callable[[Mapping[str, Any]], bool]
) -> dict[str, Any]:
    """Return the answer; *waits*: whether an error may pass by itself, within JETSTREAM_S."""
    until_s = asyncio.get_running_loop().time() + JETSTREAM_S
    while True:
        answer = await _request(bus, verb, body)
        if not waits(answer.get("error", {})) or asyncio.get_running_loop().time() > until_s:
            return answer
        await asyncio.sleep(0.2)


async def _request(bus: Bus, verb: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        return await bus.api(verb, body, timeout_s=JETSTREAM_TIMEOUT_S)
    except BusAwayError as error:
        why = type(error.__cause__).__name__
        return {"error": {"description": f"no answer ({why})", "err_code": 10039}}


def _explanation(what: str, error: dict[str, Any]) -> str:
    code = error.get("err_code", 0)
    advice = ERROR_ADVICE.get(
        code,
        "a running stream cannot be changed in this way: delete it (nats stream rm) and "
        "provision again, which forgets what it holds",
    )
    return f"{what}: {error.get('description', 'refused')}: {advice}"
