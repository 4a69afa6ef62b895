"""The NATS servers, who we are to them, and their streams' copies."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr

from runtime.settings.fields import bare


class BusSettings(BaseModel):
    """The NATS servers, who we are to them, and their streams' copies."""

    nats_url: str = Field(
        validation_alias=bare("nats_url"),
        default="",
        description="NATS servers, comma separated. Empty: `aura up` runs an embedded one.",
    )
    nats_user: str = Field("", description="User of this role, where the server has users.")
    nats_password: SecretStr = Field(SecretStr(""), description="Its password.")
    nats_ca: str = Field(
        "", description="PEM file of who signs the servers' certificates; set, TLS is demanded."
    )
    nats_cert: str = Field("", description="PEM certificate of ours, where the servers ask for it.")
    nats_key: str = Field("", description="PEM key of it, where it is not in the same file.")
    replicas: int = Field(
        1, ge=1, le=5, description="Copies of each stream; 3 on a cluster of three."
    )
