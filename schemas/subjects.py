"""The subjects of the bus. Their tokens are `[A-Za-z0-9_-]{1,128}` (`schemas/tokens.py`).

aura.ev.<tenant>.<session>.<kind>     events                   stream AURA_EVENTS (file)
aura.live.<tenant>.<session>.<kind>   the same, mirrored by the server after it stored them
aura.au.<session>.<utterance>         the caller's audio       stream AURA_AUDIO (memory)
aura.pcm.<session>.<turn>             synthesized audio        stream AURA_AUDIO (memory)
aura.part.<session>                   partial transcripts      core NATS only
aura.rec.<tenant>.<session>.<side>    recorded sound           stream AURA_RECORDING (file)
aura.tool.<tenant>.<name>             calls of a tool          core NATS only: a service answers
aura.call.<session>                   commands to a call       core NATS only: its edge answers
aura.calls                            list of running calls    core NATS only: all edges answer
aura.dial                             a call to place          core NATS only: `aura sip` answers
aura.prompts                          beginnings of prompts    core NATS only: all edges answer
aura.prompts.now                      the same, sent when an agent changed
aura.config.<hash>                    a configuration          stream AURA_CONFIGS (file)
$KV.AURA_AGENTS.tenant.<tenant>.<name>  an agent of a tenant     bucket AURA_AGENTS (file)
$KV.AURA_AGENTS.shared.<name>         an agent of all tenants
$KV.AURA_AGENTS.tenants.<tenant>      the settings of a tenant
aura.agents.<key>                     the same, mirrored by the server after it stored them
$KV.AURA_SEATS.<key>                  counts across edges      bucket AURA_SEATS (file)
"""

import re
from typing import Literal

from schemas.events import Event, Kind
from schemas.tokens import GRAMMAR

EVENTS_STREAM = "AURA_EVENTS"
AUDIO_STREAM = "AURA_AUDIO"
DEAD_STREAM = "AURA_DEAD"
RECORDING_STREAM = "AURA_RECORDING"
CONFIGS_STREAM = "AURA_CONFIGS"
SEATS_STREAM = "KV_AURA_SEATS"
SEATS = "$KV.AURA_SEATS"
"""Prefix of the keys that count sessions across edges."""

AGENTS_STREAM = "KV_AURA_AGENTS"
AGENTS = "$KV.AURA_AGENTS"
"""Prefix of the keys of agents."""
AGENTS_LIVE = "aura.agents"

CALLS = "aura.calls"
PROMPTS = "aura.prompts"
"""Requests of language-model workers for the beginnings of coming prompts."""
PROMPTS_NOW = "aura.prompts.now"
"""The same, sent without a request."""
DIAL = "aura.dial"
"""The subject of requests to place a telephone call."""

REPLAY_PREFIX = "r_"
"""Prefix of the ids of replays, published or driven."""

AnyKind = Kind | Literal["*"]
"""A kind of events, or all kinds."""

_TOKEN = re.compile(GRAMMAR)


def is_token(text: str) -> bool:
    """Tell whether *text* is a valid tenant or session id."""
    return _TOKEN.fullmatch(text) is not None


def token(text: str) -> str:
    """Return *text* if it is a valid token of a subject.

    Raises:
        ValueError: it is not.
    """
    if not is_token(text):
        raise ValueError("a tenant or session id is 1 to 128 of A-Z a-z 0-9 _ -")
    return text


def is_replay(session: str) -> bool:
    """Tell whether *session* is a replay of another one."""
    return session.startswith(REPLAY_PREFIX)


def event(of: Event) -> str:
    return session_events(of.tenant, of.session, of.KIND)


def session_events(tenant: str, session: str, kind: AnyKind = "*") -> str:
    return f"aura.ev.{tenant}.{session}.{kind}"


def live(tenant: str, session: str, kind: AnyKind = "*") -> str:
    return f"aura.live.{tenant}.{session}.{kind}"


def utterance(session: str, number: int | str = "*") -> str:
    return f"aura.au.{session}.{number}"


def speech(session: str, turn: int | str = "*") -> str:
    return f"aura.pcm.{session}.{turn}"


def partials(session: str) -> str:
    return f"aura.part.{session}"


def tool(tenant: str, name: str) -> str:
    return f"aura.tool.{tenant}.{name}"


def call(session: str) -> str:
    return f"aura.call.{session}"


def agent_key(tenant: str, name: str) -> str:
    """Return the key of *tenant*'s agent *name*, or of the shared agent if *tenant* is empty."""
    return f"tenant.{token(tenant)}.{token(name)}" if tenant else f"shared.{token(name)}"


def tenant_key(tenant: str) -> str:
    """Return the key of the settings of *tenant*."""
    return f"tenants.{token(tenant)}"


def recording(tenant: str, session: str, side: str = "*") -> str:
    return f"aura.rec.{tenant}.{session}.{side}"


def config(name: str) -> str:
    return f"aura.config.{name}"
