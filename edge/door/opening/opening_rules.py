"""Decides the configuration of a session that opens, and the options that are refused. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from edge.core.messages.client_events import Notice
from edge.door.agents.agent_choice import CallSettings
from edge.door.opening.recording_policy import RecordingPolicy
from schemas.session_config import SessionConfig
from schemas.tools import ToolConfig

RECORDED = "record_audio"
"""The path in the configuration by which a client asks for a recording."""
ANY_SOUND_IS_A_VOICE = {"interruption.voice_ms": 0}
"""Without Silero's model any sound counts as voice, so voice alone stops no response."""


@dataclass(frozen=True)
class OpeningRules:
    """What this edge adds to the settings that were chosen for a call."""

    knows_voices: bool
    """Whether Silero's model is in use."""
    recording: RecordingPolicy

    def completed(self, config: SessionConfig, tools: Sequence[ToolConfig]) -> SessionConfig:
        """Return *config* with *tools* beside the client's own, adapted to this edge."""
        if not self.knows_voices:
            config = config.but(ANY_SOUND_IS_A_VOICE)
        named = {tool.name for tool in config.tools}
        offered = [tool for tool in tools if tool.name not in named]
        return structs.replace(config, tools=(*config.tools, *offered))

    def with_changes(
        self,
        chosen: CallSettings,
        tools: Sequence[ToolConfig],
        changes: Mapping[str, Any],
        *,
        recorded: bool,
    ) -> SessionConfig:
        """Return the configuration of *chosen* with other *changes* of its client.

        *recorded*: the session's audio is stored, which the client cannot change.
        """
        config = chosen.with_changes(changes) if chosen.with_changes else chosen.config
        return self.completed(structs.replace(config, record_audio=recorded), tools)

    def recording_refusal(self, chosen: CallSettings, *, stranger: bool) -> str:
        """Return why the call is not recorded; empty: nothing refuses a recording.

        *stranger*: the caller has no token.
        """
        asks = RECORDED in chosen.caller_changes
        requested = asks or chosen.agent is not None
        return self.recording.refusal(requested=requested, stranger=asks and stranger)


def ignored(chosen: CallSettings, no_voice: str, not_recorded: str) -> list[Notice]:
    """Return the refused options: code, message and details of an error each.

    *no_voice* tells why the client's voice is refused, *not_recorded* why its recording; empty: it
    is not.
    """
    found = []
    if left_out := [*chosen.left_out, *([no_voice] if no_voice else [])]:
        found.append(Notice("INVALID_OPTION", "Option ignored", "; ".join(left_out)))
    if not_recorded and RECORDED in chosen.caller_changes:
        found.append(Notice("NOT_RECORDED", "The sound is not kept", not_recorded))
    return found
