"""A page's secret: who signed it, for whom, and until when."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest

from edge.door.callers.auth import DEMO_TENANT, Caller
from edge.door.callers.client_secrets import ALGORITHM, ClientSecrets, _derived
from edge.protocols.realtime.client_secret import KEY_PREFIX, claimed_session
from tests.unit.settings import defaults_but

SECRET = "a secret that is long enough for HS256"
SESSION = {"type": "realtime", "instructions": "Be brief."}
ANN = Caller("ann", "acme")
GUEST = Caller("demo-1", DEMO_TENANT)


def secrets_of(secret: str = SECRET, *, debug: bool = True) -> ClientSecrets:
    return ClientSecrets(defaults_but(jwt_secret=secret, debug=debug, demo_token="demo_token"))


def soon() -> int:
    return int(time.time()) + 60


def test_a_secret_has_its_caller_and_session_at_any_edge_of_the_same_settings() -> None:
    signed = secrets_of().sign(ANN, SESSION, soon())
    assert signed.startswith(KEY_PREFIX)
    assert secrets_of().identify(signed) == ANN
    assert claimed_session(signed) == SESSION


@pytest.mark.parametrize("revision", [0, 3])
def test_a_secret_has_the_agent_and_the_variables_of_its_callers_token(revision: int) -> None:
    caller = Caller("ann", "acme", agent="support", revision=revision, variables={"account": "7"})
    found = secrets_of().identify(secrets_of().sign(caller, SESSION, soon()))
    assert found == caller
    assert found.variables == caller.variables


@pytest.mark.parametrize("wrong", [{"agent": 7}, {"variables": ["a"]}, {"variables": {"a": 7}}])
def test_claims_of_another_type_identify_nobody(wrong: dict[str, Any]) -> None:
    claims: dict[str, Any] = {"sub": "ann", "tenant": DEMO_TENANT, "exp": soon(), **wrong}
    key = _derived("demo_token")
    assert key is not None
    assert secrets_of().identify(KEY_PREFIX + jwt.encode(claims, key, ALGORITHM)) is None


def test_a_call_does_not_end_with_the_secret_that_opened_it() -> None:
    caller = secrets_of().identify(secrets_of().sign(ANN, SESSION, soon()))
    assert caller is not None
    assert caller.expires_s is None


def test_a_secret_that_is_over_or_of_another_operator_identifies_nobody() -> None:
    known = secrets_of()
    assert known.identify(known.sign(ANN, SESSION, int(time.time()) - 1)) is None
    other = secrets_of("another secret that is long enough too").sign(ANN, SESSION, soon())
    assert known.identify(other) is None
    assert known.identify(f"{KEY_PREFIX}nonsense") is None
    assert known.identify("") is None


def test_the_key_of_secrets_is_not_the_key_of_tokens() -> None:
    """Who may verify tokens of an operator's own may not sign secrets with the same words."""
    claims = {"sub": "ann", "tenant": "acme", "exp": soon()}
    assert secrets_of().identify(KEY_PREFIX + jwt.encode(claims, SECRET, ALGORITHM)) is None


def test_the_known_key_of_the_demo_signs_for_the_demo_alone() -> None:
    """Anybody has the demo token, and would else be anybody."""
    claims: dict[str, Any] = {"sub": "ann", "exp": soon()}
    key = _derived("demo_token")
    assert key is not None
    for tenant, caller in ((DEMO_TENANT, Caller("ann", DEMO_TENANT)), ("acme", None)):
        forged = KEY_PREFIX + jwt.encode({**claims, "tenant": tenant}, key, ALGORITHM)
        assert secrets_of().identify(forged) == caller
    own = _derived(SECRET)
    assert own is not None
    demo = KEY_PREFIX + jwt.encode({**claims, "tenant": DEMO_TENANT}, own, ALGORITHM)
    assert secrets_of().identify(demo) is None


@pytest.mark.parametrize("user", ["", "ann.all", "*", "ann\r\nPUB x 0"])
def test_a_user_that_no_subject_may_have_is_nobody(user: str) -> None:
    claims: dict[str, Any] = {"sub": user, "tenant": DEMO_TENANT, "exp": soon()}
    key = _derived("demo_token")
    assert key is not None
    assert secrets_of().identify(KEY_PREFIX + jwt.encode(claims, key, ALGORITHM)) is None


@pytest.mark.parametrize("missing", ["exp", "sub"])
def test_a_secret_needs_an_expiry_and_a_user(missing: str) -> None:
    claims: dict[str, Any] = {"sub": "ann", "tenant": "acme", "exp": soon()}
    del claims[missing]
    key = _derived(SECRET)
    assert key is not None
    assert secrets_of().identify(KEY_PREFIX + jwt.encode(claims, key, ALGORITHM)) is None


def test_without_the_demo_or_a_secret_of_the_operator_nobody_can_sign() -> None:
    without_demo, demo_alone = secrets_of(debug=False), secrets_of("")
    assert (without_demo.can_sign(ANN), without_demo.can_sign(GUEST)) == (True, False)
    assert (demo_alone.can_sign(ANN), demo_alone.can_sign(GUEST)) == (False, True)
    with pytest.raises(ValueError, match="no key"):
        demo_alone.sign(ANN, SESSION, soon())
    assert without_demo.identify(demo_alone.sign(GUEST, SESSION, soon())) is None
