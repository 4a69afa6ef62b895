"""What prompts begin with: language models may read that before a caller has said anything.

A language-model worker asks on `aura.prompts`, and an edge answers with what calls of its agents
are going to begin with; later it learns from `session.started` what a call does begin with.
"""

from __future__ import annotations

import msgspec

from schemas.session_config import SessionConfig
from schemas.tools import ToolFunction, chosen, functions_of

MOST_PROMPTS = 4
"""In one answer: a worker keeps a few in memory, and reads them while it has nothing else to do."""


class PromptBeginning(msgspec.Struct, frozen=True, kw_only=True):
    """What the prompts of a call have in common, up to the caller's first words."""

    system: str
    greeting: str = ""
    tools: tuple[ToolFunction, ...] = ()
    tool_choice: str = "auto"
    """Of the first step of a turn."""
    model: str = ""
    """Of the language model; empty: the worker's own."""

    @classmethod
    def of(cls, config: SessionConfig) -> PromptBeginning:
        """Return what the prompts of a call begin with that is set to *config*."""
        asked = config.response
        tools = functions_of(config.tools) if config.tool_use.max_steps else ()
        return cls(
            system=asked.system_prompt,
            greeting=asked.greeting,
            tools=tools,
            tool_choice=chosen(config.tool_use.choice, tools),
            model=asked.model,
        )


class PromptsRequest(msgspec.Struct, frozen=True):
    """Worker -> edges: what do prompts begin with?"""


class PromptsReply(msgspec.Struct, frozen=True, kw_only=True):
    """Edge -> worker: they begin so, the likeliest first."""

    prompts: tuple[PromptBeginning, ...] = ()
