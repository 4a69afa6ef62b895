"""Beginnings of prompts, which language models may read ahead, before a caller speaks.

A language-model worker asks on `aura.prompts`, and an edge answers with the expected beginnings for
calls of its agents. Later `session.started` tells the worker the actual beginning of a call.
"""

from __future__ import annotations

import msgspec

from schemas.session_config import SessionConfig
from schemas.tools import ToolFunction, chosen, functions_of

MOST_PROMPTS = 4
"""The most beginnings in one answer; a free worker reads them ahead and keeps a few in memory."""


class PromptBeginning(msgspec.Struct, frozen=True, kw_only=True):
    """The common beginning of a call's prompts, up to the caller's first words."""

    system: str
    greeting: str = ""
    tools: tuple[ToolFunction, ...] = ()
    tool_choice: str = "auto"
    """The tool choice of the first step of a turn."""
    model: str = ""
    """The language model; empty: the worker's default."""

    @classmethod
    def of(cls, config: SessionConfig) -> PromptBeginning:
        """Return the beginning of the prompts of a call with *config*."""
        response = config.response
        tools = functions_of(config.tools) if config.tool_use.max_steps else ()
        return cls(
            system=response.system_prompt,
            greeting=response.greeting,
            tools=tools,
            tool_choice=chosen(config.tool_use.choice, tools),
            model=response.model,
        )


class PromptsRequest(msgspec.Struct, frozen=True):
    """Worker -> edges: list the expected beginnings of prompts."""


class PromptsReply(msgspec.Struct, frozen=True, kw_only=True):
    """Edge -> worker: the beginnings, the likeliest first."""

    prompts: tuple[PromptBeginning, ...] = ()
