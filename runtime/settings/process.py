"""Settings of every process: logs, metrics, folders, the time to drain."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from runtime.settings.fields import bare

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class ProcessSettings(BaseModel):
    """Settings of every process: logs, metrics, folders, the time to drain."""

    log_level: LogLevel = Field(
        validation_alias=bare("log_level"),
        default="INFO",
        description="Lowest level that is logged.",
    )
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="`auto`: text on a terminal, else JSON."
    )
    metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port of `/metrics`, `/health/live` and `/health/ready`; 0: none. `aura up` "
        "gives each process its own port, counting up from this one.",
    )
    metrics_host: str = Field("127.0.0.1", description="Address that the metrics port listens on.")
    data_dir: Path = Field(
        Path(".aura"),
        description="Folder of the embedded server's data and of the run files of `aura up`.",
    )
    cache_dir: Path = Field(
        Path("~/.cache/aura"),
        description="Folder of prepared models: weights joined from packages, and voices in two "
        "parts.",
    )
    model_hub: str = Field(
        "https://huggingface.co",
        description="Server from which `aura models fetch` downloads voices, Whisper models and "
        "GGUF files.",
    )
    url: str = Field(
        "", description="URL of the edge for operator commands; empty: as AURA_DATA_DIR says."
    )
    drain_s: float = Field(
        8.0,
        ge=0,
        le=3600,
        description="Seconds that a process may take to finish its work before it ends.",
    )
