"""A tenant's settings come over the operator's and under everything that agents and callers say."""

from __future__ import annotations

import pytest

from edge.protocols.session_options import SESSION_NAMES
from runtime.agents import file, tenant_file
from runtime.agents.resolve import LIMITS, PROTOCOLS_OWN, CallOptions, resolve
from schemas.session_config import CLIENT_OPTIONS, SessionConfig
from schemas.tenant import Tenant

OPERATOR = SessionConfig().but({"prices.models": {"big": [2.0, 6.0]}, "spend.tokens": 9000})

GOOD = """\
description: Pays by the minute
agent: host
limits: {sessions: 3, sessions_per_user: 2, reconnects_per_minute: 0, call_s: 600}
spend: {tokens: 5000, price: 0.5, then: listen, words: That was all.}
prices:
  models: {mine: [1, 2.5]}
  call_minute: 0.02
webhook: {words: false}
"""


def test_the_operator_fills_what_a_tenants_file_does_not_set() -> None:
    tenant = tenant_file.parse(GOOD)
    config = tenant.applied_to(OPERATOR)
    assert (config.spend.tokens, config.spend.price, config.spend.then) == (5000, 0.5, "listen")
    assert config.prices.models == {"big": (2.0, 6.0), "mine": (1.0, 2.5)}
    assert config.prices.call_minute == 0.02
    assert config.limits.call_s == 600
    assert not config.webhook.words
    assert config.response == OPERATOR.response
    assert (tenant.agent, tenant.limits.sessions) == ("host", 3)


def test_a_tenant_without_a_file_is_set_as_the_operator_says() -> None:
    assert Tenant().applied_to(OPERATOR) == OPERATOR


@pytest.mark.parametrize(
    ("agents", "used"),
    [
        ("{tokens: 100}", 100),
        ("{tokens: 1000000}", 5000),
        ("{tokens: 0}", 5000),
        ("{price: 0.1}", 5000),
    ],
)
def test_an_agent_may_only_have_less(agents: str, used: int) -> None:
    base = tenant_file.parse(GOOD).applied_to(OPERATOR)
    text = f"spend: {agents}\nwebhook: {{url: 'https://x.example', words: true}}"
    config = resolve(file.parse(text), base, CallOptions({}, {}, {})).config
    assert config.spend.tokens == used
    assert config.webhook.url
    assert not config.webhook.words


def test_no_client_option_is_a_limit_a_price_or_a_webhook() -> None:
    closed = {"spend", "prices", "webhook", "limits"}
    paths = {*CLIENT_OPTIONS.values(), *PROTOCOLS_OWN}
    assert set(CLIENT_OPTIONS) >= SESSION_NAMES
    assert not {path.partition(".")[0] for path in paths} & closed
    assert {path.partition(".")[0] for path in LIMITS} <= closed
