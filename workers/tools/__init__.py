"""Tools for the language model: write one with `@tool`; a runner calls it (`aura worker tool`).

from workers.tools import tool
"""

from workers.tools.service import RefusedError, ToolContext, call, serve, tool

__all__ = ["RefusedError", "ToolContext", "call", "serve", "tool"]
