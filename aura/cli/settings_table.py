"""All settings as a table, generated from the code."""

import types
import typing
from typing import Any

from pydantic import BaseModel, SecretStr
from rich.console import Console
from rich.table import Table

from runtime.settings import Settings, env_name


def rows() -> list[tuple[str, str, str, str]]:
    """Return (variable, kind, default, meaning) of every setting."""
    return [
        (env_name(name), _kind(info.annotation), _default(info.default), info.description or "")
        for theme in Settings.__bases__
        for name, info in (theme.model_fields.items() if issubclass(theme, BaseModel) else ())
    ]


def _kind(annotation: Any) -> str:
    if typing.get_origin(annotation) is typing.Literal:
        return " or ".join(str(choice) for choice in typing.get_args(annotation))
    if annotation is SecretStr:
        return "secret"
    if isinstance(annotation, types.GenericAlias):
        return "JSON"
    return getattr(annotation, "__name__", str(annotation)).lower()


def _default(default: Any) -> str:
    if isinstance(default, SecretStr):
        return "" if default.get_secret_value() != "demo_token" else "demo_token"
    return "" if default in ("", {}) else str(default)


def command() -> None:
    """List every setting: variable, default, meaning."""
    table = Table("Variable", "Kind", "Default", "Meaning", box=None, header_style="bold")
    for row in rows():
        table.add_row(*row)
    Console(markup=False, emoji=False).print(table)
