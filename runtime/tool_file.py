"""The operator's tools: a YAML or JSON list of tools and of names of built-in tools.

- end_call
- name: opening_hours
  description: Tell the opening hours. Call it when the caller asks when we are open.
  parameters: {type: object, properties: {day: {type: string}}, required: [day]}
  idempotent: true
"""

from pathlib import Path
from typing import Any

import msgspec
import yaml

from runtime.settings import SettingsError
from schemas.tools import BUILT_IN, ToolConfig, flaw

DISCOVER = "discover"
"""The value of AURA_TOOLS that offers the tools of all services on the bus."""


def read(path: str) -> tuple[ToolConfig, ...]:
    """Return the tools in the file at *path*.

    Raises:
        SettingsError: the file cannot be read, or is no such list.
    """
    try:
        entries = yaml.safe_load(Path(path).expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"AURA_TOOLS {path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        raise SettingsError(f"AURA_TOOLS {path}{line}: not YAML") from error
    if not isinstance(entries, list):
        raise SettingsError(f"AURA_TOOLS {path}: a list of tools is expected")
    tools = tuple(
        _tool(entry, f"AURA_TOOLS {path}, tool {k + 1}") for k, entry in enumerate(entries)
    )
    names = [tool.name for tool in tools]
    if twice := {name for name in names if names.count(name) > 1}:
        raise SettingsError(f"AURA_TOOLS {path}: there are two tools {min(twice)}")
    return tools


def _tool(entry: Any, where: str) -> ToolConfig:
    if isinstance(entry, str):
        if entry not in BUILT_IN:
            raise SettingsError(f"{where}: {entry} is not built in: {', '.join(BUILT_IN)} are")
        return BUILT_IN[entry]
    if not isinstance(entry, dict):
        raise SettingsError(f"{where}: a name of a built-in tool, or its fields, are expected")
    if unknown := entry.keys() - set(ToolConfig.__struct_encode_fields__):
        raise SettingsError(f"{where}: there is no field {min(map(str, unknown))}")
    try:
        tool = msgspec.convert(entry, ToolConfig)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{where}: {error}") from error
    if why := flaw(tool):
        raise SettingsError(f"{where}: {why}")
    return tool
