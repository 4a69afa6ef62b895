"""Tools for the language model: write one with `@tool`; a runner calls it (`aura worker tool`).

from workers.tools import tool

Its errors, and what their callers do:

ValueError
├── ToolDefinitionError     tell the author: the function cannot be a tool (`service.py`)
├── BadArgumentsError       tell the model: its arguments do not fit the schema (`schema_check.py`)
└── BadSchemaError          fail the call: the schema of the tool is wrong (`schema_check.py`)
Exception
└── CallFailedError         tell the model: the tool gave no result (`backends.py`)
"""

from workers.tools.service import RefusedError, ToolContext, call, serve, tool

__all__ = ["RefusedError", "ToolContext", "call", "serve", "tool"]
