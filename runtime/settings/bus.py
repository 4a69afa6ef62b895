"""The NATS servers, this process's user there, and the replicas of streams."""

from pydantic import BaseModel, Field, SecretStr

from runtime.settings.fields import bare


class BusSettings(BaseModel):
    """The NATS servers, this process's user there, and the replicas of streams."""

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
