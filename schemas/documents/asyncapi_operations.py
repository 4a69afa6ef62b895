"""The operations of the AsyncAPI document: each writer sends, everybody else may receive."""

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.routes import route_in
from schemas.stages import STAGES

_CONSUMERS = {f"ev.{stage.kind}": stage for stage in STAGES}
"""The stages, by the channel that carries their jobs."""


def operations(channels: Mapping[str, Any], messages: Mapping[str, Any]) -> dict[str, Any]:
    """Return the operations on *channels*, whose *messages* name their writers in the summary."""
    return dict(_operations(channels, messages))


def _operations(
    channels: Mapping[str, Any], messages: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, channel in channels.items():
        if channel["address"] is None:
            continue
        reply = _reply(channels, f"{name}.reply")
        yield f"read.{name}", {**_operation("receive", name), **_consumer(name), **reply}
        if name.startswith("live."):
            continue  # the server alone writes there
        known = [name for name in channel["messages"] if name in messages]
        ways = {name: route_in(messages[name]["summary"]).writers for name in known}
        for role in dict.fromkeys(role for roles in ways.values() for role in roles):
            written = [name for name, roles in ways.items() if role in roles]
            yield (
                f"write.{name}.{role}",
                {**_operation("send", name, written), "tags": [{"name": role}], **reply},
            )


def _operation(action: str, channel: str, messages: list[str] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}
    if messages is not None:
        made["messages"] = [_message(channel, name) for name in messages]
    return made


def _consumer(name: str) -> dict[str, Any]:
    """Return how the workers of a stage get their jobs, if the channel *name* has any."""
    if not (stage := _CONSUMERS.get(name)):
        return {}
    return {
        "description": f"Workers of stage `{stage.name}` share the durable consumer "
        f"{stage.consumer}. Anybody else reads through a consumer of their own.",
        "x-jetstream-consumer": stage.consumer,
    }


def _reply(channels: Mapping[str, Any], name: str) -> dict[str, Any]:
    if name not in channels:
        return {}
    answers = [_message(name, message) for message in channels[name]["messages"]]
    return {"reply": {"channel": {"$ref": f"#/channels/{name}"}, "messages": answers}}


def _message(channel: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/channels/{channel}/messages/{name}"}
