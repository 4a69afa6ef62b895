"""Write the contract for other languages: `python -m schemas.generate [--check]`.

`schemas/events.schema.json` is the JSON Schema of every message, `schemas/asyncapi.json` their
subjects, `schemas/agent.schema.json` and `tenant.schema.json` the JSON Schema of the files of
agents and tenants, `schemas/openapi.json` the edge's HTTP API. The tables in
`schemas/README.md` are written, too. All are committed; a test fails if they differ from the types.
"""

import json
import sys
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from schemas import agent, audio, control, events, session_config, tenant
from schemas.documents import asyncapi, event_table, openapi
from schemas.documents.docstrings import describe, structs_within
from schemas.events.shared_fields import SharedFields
from schemas.patterns import components

HERE = Path(__file__).parent
README = "README.md"
SIDE = (
    audio.AudioFrame,
    audio.SpeechChunk,
    audio.TranscriptPartial,
    audio.RecordedSound,
    control.CallRequest,
    control.CallReply,
    control.CallsRequest,
    control.CallsReply,
)


def event_types() -> list[type[events.Event]]:
    return list(typing.get_args(events.AnyEvent))


AGENT: Mapping[str, type[msgspec.Struct]] = {
    "Agent": agent.Agent,
    "Callers": agent.Callers,
    "Variable": agent.Variable,
    "AgentTool": agent.AgentTool,
    **{f"Agent{part.capitalize()}": struct for part, (_, struct) in agent.SECTIONS.items()},
}
"""Definitions of an agent's schema, and the structs that have their docstrings."""
TENANT: Mapping[str, type[msgspec.Struct]] = {
    "Tenant": tenant.Tenant,
    "TenantLimits": tenant.TenantLimits,
    "TenantWebhook": tenant.TenantWebhook,
    "TenantSpend": session_config.SpendLimit,
    "TenantPrices": session_config.Prices,
}
"""Definitions of a tenant's schema, and the structs that have their docstrings."""


def message_types() -> list[type[msgspec.Struct]]:
    return [*event_types(), *SIDE]


def consumers() -> dict[str, dict[str, Any]]:
    """Return the declared durable consumers, by name."""
    declared = [
        json.loads(path.read_text(encoding="utf-8"))["config"]
        for path in sorted((HERE.parent / "nats" / "consumers").glob("*.json"))
    ]
    return {consumer["durable_name"]: consumer for consumer in declared}


def json_schema() -> dict[str, Any]:
    """Return one JSON Schema document with a definition for each message."""
    definitions = components(message_types(), ref_template="#/$defs/{name}")
    for name, kind in structs_within(message_types()).items():
        describe(definitions[name], kind, events.Event, SharedFields)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Messages on Aura's bus",
        "description": "On the wire they are MessagePack maps; `x-msgpack-type: bin` marks bytes.",
        "x-schema-version": events.SCHEMA_VERSION,
        "$defs": {name: definitions[name] for name in sorted(definitions)},
        "oneOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in event_types()],
    }


def agent_schema() -> dict[str, Any]:
    """Return the JSON Schema of an agent's file, for completion in editors."""
    return _file_schema(agent.Agent, AGENT, "An agent of Aura: agents/NAME.yaml")


def tenant_schema() -> dict[str, Any]:
    """Return the JSON Schema of a tenant's file."""
    return _file_schema(tenant.Tenant, TENANT, "A tenant of Aura: tenants/TENANT.yaml")


def _file_schema(
    of: type[msgspec.Struct], parts: Mapping[str, type[msgspec.Struct]], title: str
) -> dict[str, Any]:
    definitions = components([of], ref_template="#/$defs/{name}")
    for name, kind in parts.items():
        describe(definitions[name], kind)
    root = definitions.pop(of.__name__)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **root,
        "title": title,
        "$defs": {name: definitions[name] for name in sorted(definitions)},
    }


def documents() -> dict[str, str]:
    """Return the generated files, name to text."""
    made = {
        "agent.schema.json": agent_schema(),
        "tenant.schema.json": tenant_schema(),
        "events.schema.json": json_schema(),
        "asyncapi.json": asyncapi.document(event_types(), SIDE),
        "openapi.json": openapi.document(),
    }
    readme = (HERE / README).read_text(encoding="utf-8")
    stage_table = event_table.stage_table(message_types(), consumers())
    for mark, table in (
        (event_table.MARK, event_table.table()),
        (event_table.TOKENS_MARK, event_table.token_table()),
        (event_table.STAGES_MARK, stage_table),
    ):
        readme = event_table.filled(readme, mark, table)
    return {
        **{name: json.dumps(what, indent=2, sort_keys=False) + "\n" for name, what in made.items()},
        README: readme,
    }


def written(made: Mapping[str, str], folder: Path = HERE, *, check: bool = False) -> int:
    """Write the files in *made*; with *check* only name the outdated ones and return 1."""
    behind = [
        name
        for name, text in made.items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
    ]
    for name in behind:
        if check:
            sys.stderr.write(f"{folder.name}/{name} is outdated: run `make schemas`\n")
        else:
            (folder / name).write_text(made[name], encoding="utf-8")
    return 1 if behind and check else 0


if __name__ == "__main__":
    sys.exit(written(documents(), check="--check" in sys.argv))
