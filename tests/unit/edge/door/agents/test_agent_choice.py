"""Which agent serves whom: what a token pins, what a caller may choose, what a session keeps."""

from __future__ import annotations

import pytest

from edge.core.messages.client_commands import Begin
from edge.door.agents.agent_choice import (
    CallSettings,
    check_token,
    choose,
    configure,
    configure_transfer,
)
from edge.door.agents.agent_table import AgentTable
from edge.door.callers.auth import Caller
from edge.door.refusal import RefusedError
from runtime.agents.config_file import ConfigFileError
from schemas.agent import AgentUsed
from schemas.session_config import SessionConfig
from schemas.subjects import agent_key, tenant_key
from schemas.tenant import Tenant
from schemas.webhook_config import WebhookConfig

OPERATOR = SessionConfig().but(
    {"response.greeting": "Welcome.", "response.system_prompt": "the operator's"}
)
ANN = Caller("ann", "acme")


def agents(**texts: str) -> AgentTable:
    """Return a table of agents: `shared_NAME`, or `TENANT_NAME`."""
    table = AgentTable()
    for number, (key, text) in enumerate(texts.items(), start=1):
        tenant, _, name = key.partition("_")
        table.note(agent_key("" if tenant == "shared" else tenant, name), number, text.encode())
    return table


def called(known: AgentTable, begin: Begin | None = None, caller: Caller = ANN) -> CallSettings:
    begin = begin or Begin(greeting=True)
    return configure(choose(known, caller, begin.agent), caller, begin, OPERATOR)


def prompt(known: AgentTable, begin: Begin | None = None, caller: Caller = ANN) -> str:
    return called(known, begin, caller).config.response.system_prompt


def asking(name: str) -> Begin:
    return Begin(agent=name, greeting=True)


def pinned(name: str, **variables: str) -> Caller:
    return Caller("ann", "acme", agent=name, variables=variables)


def refusal(known: AgentTable, begin: Begin | None = None, caller: Caller = ANN) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        called(known, begin, caller)
    return refused.value


def test_without_agents_the_operators_settings_hold() -> None:
    found = called(agents())
    assert (found.config, found.agent) == (OPERATOR, None)
    silent = called(agents(), Begin({"language": "de"}))
    assert silent.config == OPERATOR.but({"language": "de", "response.greeting": ""})


def test_a_call_that_names_none_has_the_default_of_its_tenant_or_of_all() -> None:
    known = agents(shared_default="prompt: all's", acme_default="prompt: acme's")
    assert prompt(known) == "acme's"
    assert prompt(known, caller=Caller("bob", "other")) == "all's"
    assert str((called(known)).agent) == "default@2"


def test_a_caller_names_an_agent_of_its_tenant_or_a_shared_one() -> None:
    known = agents(shared_host="prompt: all's", acme_host="prompt: acme's", acme_x="{}")
    assert prompt(known, asking("host")) == "acme's"
    assert prompt(known, asking("host"), Caller("bob", "other")) == "all's"
    assert prompt(known, asking("x")) == "the operator's"


@pytest.mark.parametrize("name", ["x", "acme.x", "tenant.acme.x", "shared.host", "*", ">", "a b"])
def test_another_tenants_agents_cannot_be_named(name: str) -> None:
    known = agents(acme_x="prompt: acme's", acme_host="{}")
    refused = refusal(known, asking(name), Caller("mallory", "other"))
    assert (refused.code, refused.close) == ("AGENT_UNKNOWN", 1008)


def test_tenants_whose_names_read_like_keys_do_not_meet() -> None:
    known = agents(shared_host="prompt: all's", tenant_host="prompt: tenant's")
    assert prompt(known, asking("host"), Caller("m", "shared")) == "all's"
    assert prompt(known, asking("host"), Caller("m", "tenant")) == "tenant's"


def test_a_token_pins_its_agent() -> None:
    known = agents(acme_host="prompt: host", acme_cook="prompt: cook")
    assert prompt(known, caller=pinned("host")) == "host"
    assert prompt(known, asking("host"), pinned("host")) == "host"
    refused = refusal(known, asking("cook"), pinned("host"))
    assert refused.code == "AGENT_REFUSED"
    assert (refusal(known, caller=pinned("gone"))).code == "AGENT_UNKNOWN"


def test_an_agent_that_callers_may_not_choose_is_for_tokens_and_looks_like_none() -> None:
    known = agents(acme_boss="prompt: boss\ncallers: {may_choose: false}")
    hidden = refusal(known, asking("boss"))
    nobody = refusal(known, asking("nobody"))
    assert hidden.details.replace("boss", "nobody") == nobody.details
    assert prompt(known, caller=pinned("boss")) == "boss"


def test_variables_come_from_the_token_the_caller_and_the_agent() -> None:
    text = (
        "prompt: '{{a}} {{b}} {{c}}'\n"
        "variables: {a: {}, b: {callers_may_set: true}, c: {default: agent}}\n"
    )
    known = agents(acme_host=text)
    begin = Begin(agent="host", variables={"a": "caller", "b": "caller", "c": "caller"})
    found = called(known, begin, pinned("host", a="token"))
    assert found.config.response.system_prompt == "token caller agent"
    assert found.left_out == (
        "a is no variable that callers may set",
        "c is no variable that callers may set",
    )
    assert found.agent
    assert found.agent.variables == {"a": "token", "b": "caller", "c": "agent"}
    missing = refusal(known, begin)
    assert missing.code == "INVALID_VARIABLES"
    assert "the variable a has no value" in missing.details


def test_a_greeting_is_the_agents_unless_its_caller_wants_none() -> None:
    known = agents(acme_default="greeting: Ciao.")
    assert (called(known)).config.response.greeting == "Ciao."
    assert (called(known, Begin())).config.response.greeting == ""


def test_an_agent_that_this_edge_cannot_read_is_told_as_that() -> None:
    known = agents(acme_default="from_the_future: 1")
    refused = refusal(known)
    assert (refused.code, refused.close) == ("AGENT_BROKEN", 1011)
    assert (refusal(known, asking("default"))).code == "AGENT_BROKEN"


def test_a_session_that_goes_on_keeps_its_variables_and_what_its_agent_allows() -> None:
    text = "prompt: 'to {{a}}'\nvariables: {a: {callers_may_set: true}}\ncallers: {may_set: []}\n"
    found = agents(acme_host=text).find("acme", "host")
    before = AgentUsed(name="host", revision=1, variables={"a": "Ann"})
    begin = Begin({"language": "de"}, agent="other", variables={"a": "Mallory"})
    chosen = configure(found, ANN, begin, OPERATOR, before)
    assert chosen.config.response.system_prompt == "to Ann"
    assert chosen.config.language == "en"
    assert chosen.left_out == ("language is set by the agent",)


def test_a_token_that_names_another_agent_does_not_go_on_with_the_session() -> None:
    check_token(ANN, "host")
    check_token(pinned("host"), "host")
    with pytest.raises(RefusedError, match="another agent"):
        check_token(pinned("cook"), "host")


def test_an_older_revision_never_takes_the_place_of_a_newer_one() -> None:
    table = AgentTable()
    table.note("shared.host", 5, b"prompt: new")
    table.note("shared.host", 3, b"prompt: old")
    assert prompt(table, asking("host")) == "new"
    table.note("shared.host", 6, b"")
    table.note("shared.host", 5, b"prompt: new")
    assert table.find("acme", "host") is None
    assert len(table) == 0


def test_an_agent_of_a_tenant_that_was_removed_leaves_the_shared_one() -> None:
    table = agents(shared_host="prompt: all's", acme_host="prompt: acme's")
    table.note("tenant.acme.host", 9, b"")
    assert prompt(table, asking("host")) == "all's"


def test_a_tenants_default_agent_serves_who_names_none_and_must_be_there() -> None:
    known = agents(shared_default="prompt: all's", acme_host="prompt: acme's")
    assert choose(known, ANN, "", "host") == known.find("acme", "host")
    assert choose(known, ANN, "default", "host") == known.find("acme", "default")
    with pytest.raises(RefusedError) as refused:
        choose(known, ANN, "", "gone")
    assert (refused.value.code, refused.value.close) == ("AGENT_UNKNOWN", 1011)


def test_the_table_knows_tenants_and_does_not_take_them_for_agents() -> None:
    known = agents(acme_host="prompt: x")
    known.note(tenant_key("acme"), 5, b"agent: host")
    assert len(known) == 1
    assert known.tenant("acme").agent == "host"
    assert known.tenant("rival") == Tenant()
    assert known.tenant("a.b") == Tenant()
    known.note(tenant_key("acme"), 6, b"agent: [")
    with pytest.raises(ConfigFileError):
        known.tenant("acme")
    known.note(tenant_key("acme"), 7, b"")
    assert known.tenant("acme") == Tenant()


COOK = """\
prompt: "for {{guest}}"
greeting: Ciao.
variables: {guest: {callers_may_set: true}}
callers: {may_set: [language]}
"""


def handed_over(
    text: str = COOK, before: AgentUsed | None = None, now: SessionConfig = OPERATOR
) -> CallSettings:
    """Return what a call of the agent `host` becomes when the agent of *text* takes it over."""
    before = before or AgentUsed(name="host", revision=1, variables={"guest": "Ann"})
    found = agents(acme_cook=text).find("acme", "cook")
    return configure_transfer(found, ANN, before, now, OPERATOR)


def test_who_is_handed_over_takes_their_variables_and_wishes_along() -> None:
    before = AgentUsed(
        name="host",
        revision=1,
        variables={"guest": "Ann", "table": "4"},
        caller_changes={"language": "de", "response.model": "m"},
    )
    now = OPERATOR.but({"voice.delivery": "whole", "record_audio": True})
    made = handed_over(before=before, now=now)
    assert made.agent
    assert (made.agent.name, made.agent.variables) == ("cook", {"guest": "Ann"})
    assert made.config == OPERATOR.but(
        {
            "response.system_prompt": "for Ann",
            "response.greeting": "Ciao.",
            "language": "de",
            "voice.delivery": "whole",
            "record_audio": True,
        }
    )
    assert made.left_out == (
        "table is no variable that callers may set",
        "response.model is set by the agent",
    )
    assert made.with_changes
    changed = made.with_changes({"language": "fr"})
    assert (changed.language, changed.voice.delivery) == ("fr", "whole")
    assert changed.response.greeting == "Ciao."


def test_an_agent_that_takes_over_has_its_own_greeting_or_none() -> None:
    assert handed_over("prompt: hi").config.response.greeting == ""
    silent = AgentUsed(
        name="host",
        revision=1,
        variables={"guest": "Ann"},
        caller_changes={"response.greeting": ""},
    )
    made = handed_over(before=silent)
    assert made.config.response.greeting == ""
    assert made.with_changes
    assert made.with_changes({}).response.greeting == ""


@pytest.mark.parametrize(
    ("text", "code"),
    [("prompt: '{{b}}'\nvariables: {b: {}}", "INVALID_VARIABLES"), ("promt: x", "AGENT_BROKEN")],
)
def test_an_agent_that_cannot_serve_the_call_does_not_take_it_over(text: str, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        handed_over(text)
    assert refused.value.code == code


def test_nobody_is_handed_over_to_an_agent_that_is_not_there() -> None:
    before = AgentUsed(name="host", revision=1)
    with pytest.raises(RefusedError) as refused:
        configure_transfer(None, ANN, before, OPERATOR, OPERATOR)
    assert (refused.value.code, refused.value.close) == ("AGENT_UNKNOWN", 1008)


def test_the_webhook_of_the_agent_before_is_told_where_the_new_one_names_none() -> None:
    webhook = WebhookConfig(url="https://host.example", words=True)
    now = OPERATOR.but({"webhook.url": webhook.url, "webhook.words": True})
    kept = handed_over("prompt: hi", now=now)
    assert kept.config.webhook == webhook
    assert kept.agent
    assert kept.agent.webhook == webhook
    own = handed_over("webhook: {url: 'https://cook.example'}", now=now)
    assert own.config.webhook.url == "https://cook.example"
    assert own.agent
    assert own.agent.webhook is None


def test_variables_without_an_agent_are_told_as_left_out() -> None:
    found = called(agents(), Begin(greeting=True, variables={"a": "1"}))
    assert found.left_out == ("no agent serves this call: it has no variables",)
