"""Who comes in, and who does not."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from edge.door.callers.auth import Caller, TokenPolicy, identify
from runtime.settings import SettingsError
from tests.unit.settings import defaults_but

SECRET = "a secret of thirty-two bytes or more"
SOON = int(time.time()) // 3600 * 3600 + 7200


def policy(**settings: Any) -> TokenPolicy:
    return TokenPolicy.of(defaults_but(**settings))


def signed(claims: dict[str, Any], key: Any = SECRET, algorithm: str = "HS256", **head: Any) -> str:
    return jwt.encode({"exp": SOON, "sub": "ada", **claims}, key, algorithm, headers=head or None)


def test_a_token_names_its_user_and_tenant() -> None:
    p = policy(jwt_secret=SECRET)
    assert identify(signed({}), policy=p) == Caller("ada", "default")
    assert identify(signed({"tenant": "acme"}), policy=p) == Caller("ada", "acme")


def test_a_token_may_name_an_agent_and_bring_it_variables() -> None:
    claims = {"agent": "host", "variables": {"guest": "Ann"}}
    caller = identify(signed(claims), policy=policy(jwt_secret=SECRET))
    assert caller
    assert (caller.agent, caller.revision, caller.variables) == ("host", 0, {"guest": "Ann"})
    pinned = identify(signed({"agent": "host@12"}), policy=policy(jwt_secret=SECRET))
    assert pinned
    assert (pinned.agent, pinned.revision) == ("host", 12)


@pytest.mark.parametrize(
    "claims",
    [
        {"agent": 5},
        {"agent": None},
        {"variables": "guest"},
        {"variables": {"guest": 5}},
        {"variables": {"a b": "x"}},
        {"variables": {f"v{k}": "" for k in range(65)}},
        {"variables": {"a": "x" * 4001}},
    ],
)
def test_a_token_whose_agent_or_variables_cannot_be_is_refused(claims: dict[str, Any]) -> None:
    assert identify(signed(claims), policy=policy(jwt_secret=SECRET)) is None


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
    assert identify("own", policy=policy(demo_token="own"))
    own = policy(debug=False, demo_token="own")
    assert identify("own", policy=own) is None, "it ends with DEBUG, whatever it is"


@pytest.mark.parametrize(
    "name", ["xffbe8cff4f9f8d8b109460f9", "conn_0", "demo-0123456789ab", "demo", "anonymous"]
)
def test_nobody_can_be_called_as_aura_calls_others(name: str) -> None:
    caller = identify(signed({"sub": name}), policy=policy(jwt_secret=SECRET))
    assert caller
    assert caller.user != name
    tenant = identify(signed({"tenant": name}), policy=policy(jwt_secret=SECRET))
    assert tenant is None or tenant.tenant != name


def test_a_fingerprint_as_a_name_is_not_whom_it_is_of() -> None:
    p = policy(jwt_secret=SECRET)
    victim = identify(signed({"sub": "victim@example.com"}), policy=p)
    assert victim
    eve = identify(signed({"sub": victim.user}), policy=p)
    assert eve
    assert eve.user != victim.user


def test_no_jwt_is_of_the_tenant_of_the_demo() -> None:
    assert identify(signed({"tenant": "demo"}), policy=policy(jwt_secret=SECRET)) is None


@pytest.mark.parametrize("debug", [True, False])
def test_bytes_that_do_not_encode_are_nobody_and_no_fault(*, debug: bool) -> None:
    p = policy(jwt_secret=SECRET, debug=debug)
    assert identify("\udcff", policy=p) is None
    for claim in ("sub", "tenant"):
        caller = identify(signed({claim: "\ud800"}), policy=p)
        assert caller
        assert caller.user.isascii()


def test_an_audience_is_ours_or_nobodys() -> None:
    ours = policy(jwt_secret=SECRET, jwt_audience="aura, voice")
    for good in ("aura", "voice", ["other", "aura"]):
        assert identify(signed({"aud": good}), policy=ours)
    not_ours: list[dict[str, Any]] = [{"aud": "other"}, {"aud": []}, {"aud": 5}, {}]
    for bad in not_ours:
        assert identify(signed(bad), policy=ours) is None
    assert identify(signed({"aud": "other"}), policy=policy(jwt_secret=SECRET)) is None


def test_an_issuer_that_is_set_must_have_issued_it() -> None:
    p = policy(jwt_secret=SECRET, jwt_issuer="https://id.example/,https://old.example/")
    assert identify(signed({"iss": "https://id.example/"}), policy=p)
    assert identify(signed({"iss": "https://old.example/"}), policy=p)
    for bad in ("https://evil.example/", "https://id.example"):
        assert identify(signed({"iss": bad}), policy=p) is None
    assert identify(signed({}), policy=p) is None


def test_clocks_may_be_off_by_the_leeway_and_no_more() -> None:
    p, strict = policy(jwt_secret=SECRET), policy(jwt_secret=SECRET, jwt_leeway_s=0)
    now = int(time.time())
    for claims in ({"exp": now - 5}, {"nbf": now + 5}, {"iat": now + 5}):
        assert identify(signed(claims), policy=p)
        assert identify(signed(claims), policy=strict) is None
    for claims in ({"exp": now - 60}, {"nbf": now + 60}, {"iat": now + 60}):
        assert identify(signed(claims), policy=p) is None


def test_a_caller_says_when_its_token_ends() -> None:
    caller = identify(signed({}), policy=policy(jwt_secret=SECRET))
    assert caller
    assert caller.expires_s == SOON
    demo = identify("demo_token", policy=policy())
    assert demo
    assert demo.expires_s is None


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": 1}, "ExpiredSignatureError"),
        ({"aud": "other"}, "InvalidAudienceError"),
        ({"tenant": 5}, "sub and tenant are texts"),
        ({"tenant": "demo"}, "the tenant demo is that of the demo token"),
        ({"agent": 5}, "agent is a text, NAME or NAME@REV"),
        ({"variables": {"guest": 7}}, "variables is an object whose values are texts"),
        ({"exp": float("inf")}, "DecodeError"),
    ],
)
def test_the_log_says_why_a_token_was_refused_and_nothing_of_it(
    claims: dict[str, Any], why: str
) -> None:
    with structlog.testing.capture_logs() as logs:
        assert identify(signed(claims), policy=policy(jwt_secret=SECRET)) is None
    assert logs == [{"event": "token_refused", "log_level": "info", "why": why}]


def test_keys_that_are_guessed_are_refused_with_their_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="AURA_JWT_SECRET"):
        policy(jwt_secret="x" * 31)
    small = rsa.generate_private_key(65537, 1024).public_key()  # noqa: S505  # that is the point
    pem, jwks = tmp_path / "pem", tmp_path / "jwks"
    pem.write_bytes(
        small.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    with pytest.raises(SettingsError, match=r"AURA_JWT_PUBLIC_KEY.*2048"):
        policy(jwt_public_key=str(pem))
    jwk = json.loads(jwt.get_algorithm_by_name("RS256").to_jwk(small))
    jwks.write_text(json.dumps({"keys": [jwk]}))
    with pytest.raises(SettingsError, match=r"AURA_JWT_JWKS.*2048"):
        policy(jwt_jwks=str(jwks))


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
