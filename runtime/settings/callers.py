"""Who may call: tokens, web pages and proxies; and the voices that callers may choose."""

from typing import Literal

from pydantic import BaseModel, Field, SecretStr

LEAST_TOKEN_CHARS = 32
"""The least length of the operator's token."""


class CallerSettings(BaseModel):
    """Who may call: tokens, web pages and proxies; and the voices that callers may choose."""

    demo_token: SecretStr = Field(
        SecretStr("demo_token"),
        description="Token of the demo, which is refused while DEBUG is off.",
    )
    jwt_secret: SecretStr = Field(
        SecretStr(""), description="HS256 secret of callers' tokens, 32 bytes or more."
    )
    jwt_public_key: str = Field(
        "", description="PEM file of an RS256 (2048 bits or more) or ES256 public key."
    )
    jwt_jwks: str = Field(
        "",
        description="JWK set of RSA or P-256 keys: a file or a URL. A URL is read at the start, "
        "once an hour, and at most every 30 s for a token that no known key has signed.",
    )
    jwt_issuer: str = Field(
        "",
        description="The `iss` that callers' tokens must have; several are comma separated. "
        "Empty: any.",
    )
    jwt_audience: str = Field(
        "",
        description="The `aud` that callers' tokens must have; several are comma separated. "
        "Empty: a token with an `aud` is refused, since it is meant for another service.",
    )
    operator_token: SecretStr = Field(
        SecretStr(""),
        description="Token of the console and of /v1/calls, for the calls of all tenants; 32 "
        "characters or more. Empty: /v1/calls accepts only callers' tokens with the scope "
        "`calls:read` or `calls:write`.",
    )
    jwt_leeway_s: float = Field(
        10.0,
        ge=0,
        le=300,
        description="Seconds of clock difference that are tolerated in `exp`, `nbf` and `iat`.",
    )
    call_ends_with_token: bool = Field(
        False,
        description="A call is closed (1008) when its caller's token expires; the caller may "
        "resume it with a new token.",
    )
    allowed_origins: str = Field(
        "",
        description="Origins of the web pages that may call, comma separated; `*`: all. Empty: "
        "pages from the edge's own host and, while DEBUG is on, from localhost.",
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses or networks of trusted proxies, whose proxy header is believed; "
        "empty: none.",
    )
    proxy_header: str = Field(
        "X-Forwarded-For", description="Header in which trusted proxies name the client's address."
    )
    ws_auth: Literal["auto", "open", "token"] = Field(
        "auto",
        description="Who may call /ws: `open`: anybody; `token`: callers with a token, as on "
        "the other protocols; `auto`: `open` while DEBUG is on, else `token`.",
    )
    caller_voices: str = Field(
        "",
        description="Voices that callers may choose by `voice`, comma separated; `*`: any; "
        "empty: none.",
    )
