"""The settings of a process: from the environment, else from `.env`, else the defaults here.

The names in the client documentation (HOST, PORT, DEBUG, SAMPLE_RATE, CHUNK_SIZE, LOG_LEVEL,
CEREBRAS_API_KEY, NEXT_PUBLIC_...) and NATS_URL have no prefix; all others are `AURA_<FIELD>`. A
secret may be read from a file: `AURA_JWT_SECRET_FILE`, `CEREBRAS_API_KEY_FILE`.

The settings themselves are declared by theme in the files beside this one. `Settings` inherits
them, so that each is a field of the variable's name: groups as fields would put the group into each
name, and mypy knows no field of a class that is made from a list.
"""

import os
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as NotParsedError

from runtime.settings.analytics import AnalyticsSettings
from runtime.settings.callers import CallerSettings
from runtime.settings.console import ConsoleSettings
from runtime.settings.conversation import ConversationSettings
from runtime.settings.door import DoorSettings
from runtime.settings.engines import EngineSettings
from runtime.settings.fields import CONFIG_PATH
from runtime.settings.limits import LimitSettings
from runtime.settings.process import ProcessSettings
from runtime.settings.recording import RecordingSettings
from runtime.settings.transports import TransportSettings
from schemas.session_config import SessionConfig

ENV_FILE = ".env"
"""The file of settings in the folder that a process is started in."""


class SettingsError(ValueError):
    """A setting has an invalid value; the message names the setting, never its value."""


class Settings(
    DoorSettings,
    CallerSettings,
    ConsoleSettings,
    TransportSettings,
    LimitSettings,
    ConversationSettings,
    RecordingSettings,
    AnalyticsSettings,
    ProcessSettings,
    EngineSettings,
    BaseSettings,
):
    """All settings of Aura; the unit is in the name or in the description."""

    model_config = SettingsConfigDict(
        env_prefix="AURA_", env_file=ENV_FILE, extra="ignore", populate_by_name=True, frozen=True
    )

    @property
    def strangers_may_call(self) -> bool:
        """Whether client protocols that can do without a token accept calls without one."""
        return self.ws_auth == "open" or (self.ws_auth == "auto" and self.debug)

    @property
    def cancels_echo(self) -> bool:
        """Whether echo is cancelled; with a simulated voice, a tone, it is not."""
        return self.cancel_echo and self.tts_engine != "simulated"

    @property
    def session(self) -> SessionConfig:
        """The operator's configuration of a session, without a greeting."""
        changes = {
            str(info.json_schema_extra[CONFIG_PATH]): getattr(self, field)
            for field, info in type(self).model_fields.items()
            if isinstance(info.json_schema_extra, dict) and CONFIG_PATH in info.json_schema_extra
        }
        changes["response.system_prompt"] = self.system_prompt
        changes["response.deadline_ms"] = int(self.job_deadline_s * 1000)
        changes["record_audio"] = self.record_audio == "always"
        changes["voice.chunk_ms"] = max(10, self.chunk_size * 1000 // self.sample_rate)
        return SessionConfig().but(changes)

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, values: dict[str, Any]) -> dict[str, Any]:
        for field, info in cls.model_fields.items():
            if info.annotation is SecretStr and (path := os.environ.get(f"{env_name(field)}_FILE")):
                values[field] = Path(path).read_text(encoding="utf-8").strip()
        return values


def env_name(field: str) -> str:
    """Return the environment variable of *field*."""
    info = Settings.model_fields.get(field)
    return field.upper() if info and info.validation_alias else f"AURA_{field.upper()}"


def load(**values: Any) -> Settings:
    """Return the settings of this process; *values* win over the environment.

    Raises:
        SettingsError: a setting has an invalid value.
    """
    try:
        return Settings(**values)
    except ValidationError as error:
        complaints = [
            ": ".join([*(env_name(str(name).lower()) for name in e["loc"][:1]), e["msg"]])
            for e in error.errors()
        ]
        raise SettingsError("; ".join(complaints)) from error
    except NotParsedError as error:  # JSON
        field = next((name for name in Settings.model_fields if f'"{name}"' in str(error)), "")
        raise SettingsError(f"{env_name(field)}: Input should be valid JSON") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{ENV_FILE}: it is no text in UTF-8") from error
    except OSError as error:
        raise SettingsError(f"a *_FILE setting: {error.strerror}: {error.filename}") from error
