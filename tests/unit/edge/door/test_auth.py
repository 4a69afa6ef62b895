"""Who comes in, and who does not."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from edge.door.auth import Caller, TokenPolicy, identify
from runtime.settings import SettingsError, load

SECRET = "a secret of thirty-two bytes or more"
SOON = int(time.time()) // 3600 * 3600 + 7200


def policy(**settings: Any) -> TokenPolicy:
    return TokenPolicy.of(load(_env_file=None, **settings))


def signed(claims: dict[str, Any], key: Any = SECRET, algorithm: str = "HS256", **head: Any) -> str:
    return jwt.encode({"exp": SOON, "sub": "ada", **claims}, key, algorithm, headers=head or None)


def test_a_token_names_its_user_and_tenant() -> None:
    p = policy(jwt_secret=SECRET)
    assert identify(signed({}), policy=p) == Caller("ada", "default")
    assert identify(signed({"tenant": "acme"}), policy=p) == Caller("ada", "acme")


def test_names_that_cannot_stand_in_a_subject_become_fingerprints() -> None:
    caller = identify(
        signed({"sub": "ada@x.org", "tenant": "a.>"}), policy=policy(jwt_secret=SECRET)
    )
    assert caller
    assert caller.user.startswith("x")
    assert caller.user.isalnum()
    assert "." not in caller.tenant


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        signed({"exp": 1}),
        jwt.encode({"sub": "ada"}, SECRET, "HS256"),
        jwt.encode({"exp": SOON}, SECRET, "HS256"),
        signed({"sub": ""}),
        signed({"tenant": 5}),
        signed({}, "another secret of thirty-two bytes!!"),
        signed({}, SECRET * 2, "HS512"),
        jwt.encode({"exp": SOON, "sub": "ada"}, "", "none"),
        "demo_token",
    ],
)
def test_anything_else_is_nobody(token: str) -> None:
    assert identify(token, policy=policy(jwt_secret=SECRET, debug=False)) is None


def test_the_demo_is_open_while_debug_is_on_and_each_caller_somebody_else() -> None:
    one, two = (identify("demo_token", policy=policy()) for _ in range(2))
    assert one
    assert two
    assert one.tenant == two.tenant == "demo"
    assert one.user != two.user
    assert identify("demo_token", policy=policy(debug=False)) is None
    own = policy(debug=False, demo_token="own")
    assert identify("own", policy=own)


def test_a_public_key_verifies_its_own_kind_only(tmp_path: Path) -> None:
    keys: dict[str, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey] = {
        "RS256": rsa.generate_private_key(65537, 2048),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
    }
    for algorithm, private in keys.items():
        pem = private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        file = tmp_path / f"{algorithm}.pem"
        file.write_bytes(pem)
        p = policy(jwt_public_key=str(file), debug=False)
        assert identify(signed({}, private, algorithm), policy=p) == Caller("ada", "default")
        confused = _hmac_with(pem)
        assert identify(confused, policy=p) is None
        jwk = json.loads(jwt.get_algorithm_by_name(algorithm).to_jwk(private.public_key()))
        jwks = tmp_path / f"{algorithm}.json"
        jwks.write_text(json.dumps({"keys": [{**jwk, "alg": algorithm, "kid": "1"}]}))
        assert identify(
            signed({}, private, algorithm), policy=policy(jwt_jwks=str(jwks), debug=False)
        )


def _hmac_with(pem: bytes) -> str:
    """A token signed by HMAC with the public key as its secret: the classic confusion."""
    import base64  # noqa: PLC0415  # only here
    import hashlib  # noqa: PLC0415  # only here
    import hmac  # noqa: PLC0415  # only here

    def part(value: Any) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    body = part({"alg": "HS256", "typ": "JWT"}) + b"." + part({"exp": SOON, "sub": "eve"})
    mac = base64.urlsafe_b64encode(hmac.new(pem, body, hashlib.sha256).digest()).rstrip(b"=")
    return (body + b"." + mac).decode()


@pytest.mark.parametrize("setting", ["jwt_public_key", "jwt_jwks"])
def test_a_key_file_that_is_none_names_its_setting(setting: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_text("no key")
    for path in (bad, tmp_path / "missing"):
        with pytest.raises(SettingsError, match=f"AURA_{setting.upper()}"):
            policy(**{setting: str(path)})
