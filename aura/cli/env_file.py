"""The settings that a process takes from the `.env` of the folder it is started in."""

import os
import sys
from pathlib import Path

from pydantic_settings import DotEnvSettingsSource

from runtime.settings import ENV_FILE, Settings, SettingsError, env_name
from runtime.text.printable import printable


def settings_in_force() -> tuple[Path, list[str]] | None:
    """Return the path of `.env` and the variables in force that it sets, or None without any.

    A variable of the environment is in force before that of the file.

    Raises:
        SettingsError: the file is no text.
    """
    file = Path(ENV_FILE)
    if not file.is_file():
        return None
    known = {
        name
        for field in Settings.model_fields
        for name in (env_name(field), f"AURA_{field.upper()}")  # either is read
    }
    try:
        file_values = DotEnvSettingsSource(Settings).env_vars
    except UnicodeDecodeError as error:
        raise SettingsError(f"{printable(str(file.resolve()))}: it is no text in UTF-8") from error
    names = {name.upper() for name, value in file_values.items() if value is not None}
    in_force = sorted(names & known - {name.upper() for name in os.environ})
    return (file.resolve(), in_force) if in_force else None


def say() -> None:
    """Say on stderr which settings of a command come from `.env`; never their values.

    Raises:
        SettingsError: the file is no text.
    """
    if source := settings_in_force():
        file, names = source
        sys.stderr.write(printable(f"aura: {file} sets {', '.join(names)}") + "\n")
