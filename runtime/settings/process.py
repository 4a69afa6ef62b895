"""Settings of every process: the bus, logs, metrics, folders, the time to drain."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from runtime.settings.fields import bare

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class ProcessSettings(BaseModel):
    """The bus, with this process's user there; logs, metrics, folders, the time to drain."""

    nats_url: str = Field(
        validation_alias=bare("nats_url"),
        default="",
        description="NATS servers, comma separated. Empty: `aura up` runs an embedded one.",
    )
    nats_user: str = Field("", description="User of this process, if the servers have users.")
    nats_password: SecretStr = Field(SecretStr(""), description="Password of AURA_NATS_USER.")
    nats_ca: str = Field(
        "",
        description="PEM file of the authority that signed the servers' certificates; if it is "
        "set, TLS is required.",
    )
    nats_cert: str = Field(
        "", description="PEM certificate of this client, if the servers require one."
    )
    nats_key: str = Field("", description="PEM key of AURA_NATS_CERT, if it is in another file.")
    replicas: int = Field(
        1, ge=1, le=5, description="Replicas of each stream; use 3 on a cluster of three servers."
    )
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
