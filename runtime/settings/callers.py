"""Who may call: tokens, web pages, proxies, voices that may be asked for."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class CallerSettings(BaseModel):
    """Who may call: tokens, web pages, proxies, voices that may be asked for."""

    demo_token: SecretStr = Field(
        SecretStr("demo_token"), description="Token of the demo; refused while DEBUG is off."
    )
    jwt_secret: SecretStr = Field(
        SecretStr(""), description="HS256 secret of callers' tokens, 32 bytes or more."
    )
    jwt_public_key: str = Field(
        "", description="PEM file of an RS256 (2048 bits or more) or ES256 public key."
    )
    jwt_jwks: str = Field(
        "",
        description="JWK set of RSA or P-256 keys: a file, or a URL, which is asked at the start, "
        "once an hour, and for a key it did not have.",
    )
    jwt_issuer: str = Field(
        "", description="`iss` that callers' tokens must have, or several by commas; empty: any."
    )
    jwt_audience: str = Field(
        "",
        description="`aud` that callers' tokens must have, or several by commas; empty: a token "
        "with an `aud` is for somebody else and refused.",
    )
    operator_token: SecretStr = Field(
        SecretStr(""),
        description="Token of /v1/calls, 32 characters or more, for the calls of all tenants; "
        "empty: only callers' tokens with the scope `calls:read` or `calls:write`.",
    )
    jwt_leeway_s: float = Field(
        10.0,
        ge=0,
        le=300,
        description="Seconds that other clocks may be off: of `exp`, `nbf` and `iat`.",
    )
    call_ends_with_token: bool = Field(
        False,
        description="A call ends with its caller's token (1008), who may go on with a new one.",
    )
    allowed_origins: str = Field(
        "",
        description="Origins of web pages that may call, comma separated; `*`: all. Empty: pages "
        "of the edge's own host, and those of localhost while DEBUG is on.",
    )
    trusted_proxies: str = Field(
        "", description="Addresses or networks whose proxy header is believed; empty: nobody's."
    )
    proxy_header: str = Field(
        "X-Forwarded-For", description="Header in which those proxies name their client."
    )
    ws_auth: Literal["auto", "open", "token"] = Field(
        "auto",
        description="Who may call /ws: anybody (`open`), or who has a token as of the other "
        "protocols (`token`). `auto`: `open` while DEBUG is on, else `token`.",
    )
    caller_voices: str = Field(
        "",
        description="Voices that callers may ask for by `voice`, comma separated; `*`: any; "
        "empty: none.",
    )
