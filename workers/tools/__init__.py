"""Tools for the language model: write one with `@tool`; a runner calls it (`aura worker tool`).

from workers.tools import tool
"""

from workers.tools.service import Call, RefusedError, call, serve, tool

__all__ = ["Call", "RefusedError", "call", "serve", "tool"]
