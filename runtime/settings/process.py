"""What every process of Aura has: logs, metrics, folders, a drain."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from runtime.settings.fields import bare

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class ProcessSettings(BaseModel):
    """What every process of Aura has: logs, metrics, folders, a drain."""

    log_level: LogLevel = Field(
        validation_alias=bare("log_level"),
        default="INFO",
        description="Least severity that is logged.",
    )
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="`auto`: console on a terminal, JSON elsewhere."
    )
    metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port of `/metrics`, `/health/live` and `/health/ready` of this process; 0: "
        "none. `aura up` counts up from it, a port a process.",
    )
    metrics_host: str = Field("127.0.0.1", description="Address that this port listens on.")
    data_dir: Path = Field(
        Path(".aura"), description="Embedded server's data, run files of `aura up`."
    )
    cache_dir: Path = Field(
        Path("~/.cache/aura"),
        description="Model weights joined from packages, and voices cut in two, are kept here.",
    )
    model_hub: str = Field(
        "https://huggingface.co",
        description="Where `aura models fetch` finds voices, sizes of Whisper and GGUF files.",
    )
    url: str = Field(
        "", description="Where operator commands find the edge; empty: ask AURA_DATA_DIR."
    )
    drain_s: float = Field(
        8.0, ge=0, le=3600, description="Seconds a leaving process finishes what it has in hand."
    )
