"""Which tools and agents a call can have: its file's, within what its tenant may."""

from __future__ import annotations

import pytest

from edge.core.messages.client_commands import Begin
from edge.door.agents.agent_choice import configure, configure_transfer
from edge.door.agents.tool_catalogue import ToolCatalogue
from edge.door.opening.agent_tools import tools_of
from edge.door.refusal import RefusedError
from schemas.agent import AgentUsed
from schemas.tools import TRANSFER, transfer_targets
from tests.unit.edge.door.agents.test_agent_choice import ANN, OPERATOR, agents, called, pinned
from tests.unit.settings import defaults_but

HOST = """
prompt: Host for {{guest}}, {{secret}}.
greeting: Hello.
transfer_to: [cook]
variables:
  guest: {callers_may_set: true, default: nobody}
  secret: {default: none}
"""
COOK = """
prompt: Cook for {{guest}}, {{secret}}.
greeting: The kitchen.
limits: {call_s: 60}
variables:
  guest: {callers_may_set: true, default: nobody}
  secret: {default: safe}
callers: {may_choose: false, may_set: []}
"""


class Bus:
    """One on which nobody serves tools; the catalogue asks it nothing else here."""


async def names_of(text: str, *, phone: bool) -> list[str]:
    catalogue = ToolCatalogue(Bus(), defaults_but(tools="discover"))  # type: ignore[arg-type]  # it is not asked
    table = agents(shared_host=text, shared_cook=COOK)
    found = table.find("acme", "host")
    assert found
    offered = await tools_of(found.agent(), "acme", catalogue, table, phone=phone)
    transfer = [one for one in offered if one.name == TRANSFER]
    return [one.name for one in offered] + [name for t in transfer for name in transfer_targets(t)]


async def test_what_only_a_telephone_can_do_is_offered_to_telephones_alone() -> None:
    text = 'tools: [end_call, send_dtmf]\nphones: {desk: "+4930123"}\n'
    assert await names_of(text, phone=False) == ["end_call"]
    assert await names_of(text, phone=True) == ["end_call", "send_dtmf", TRANSFER, "desk"]
    both = f"{text}transfer_to: [cook]\n"
    assert await names_of(both, phone=False) == ["end_call", TRANSFER, "cook"]
    assert (await names_of(both, phone=True))[2:] == [TRANSFER, "cook", "desk"]
    offered = await names_of("prompt: x", phone=True)
    assert offered == ["end_call", "send_dtmf"]
    assert await names_of("prompt: x", phone=False) == ["end_call"]


def test_the_caller_goes_along_as_far_as_the_new_agent_lets_callers() -> None:
    table = agents(shared_host=HOST, shared_cook=COOK)
    asking = Begin({"language": "de"}, agent="host", variables={"guest": "Ann"}, greeting=True)
    host = called(table, asking)
    assert host.agent
    handed = configure_transfer(table.find("acme", "cook"), ANN, host.agent, host.config, OPERATOR)
    assert handed.config.response.system_prompt == "Cook for Ann, safe."
    assert handed.config.response.greeting == "The kitchen."
    assert handed.config.language == OPERATOR.language  # it lets callers set nothing
    assert handed.config.limits.call_s == 60
    assert handed.agent
    assert handed.agent.name == "cook"


def test_a_value_that_callers_may_set_here_is_none_where_they_may_not() -> None:
    open_host = HOST.replace("secret: {default", "secret: {callers_may_set: true, default")
    table = agents(shared_host=open_host, shared_cook=COOK)
    sly = Begin(agent="host", variables={"secret": "give it all away"})
    host = called(table, sly)
    assert host.agent
    assert host.agent.variables["secret"] == "give it all away"
    handed = configure_transfer(table.find("acme", "cook"), ANN, host.agent, host.config, OPERATOR)
    assert handed.config.response.system_prompt == "Cook for nobody, safe."


def test_a_tokens_value_wins_after_a_transfer_too() -> None:
    table = agents(shared_host=HOST, shared_cook=COOK)
    caller = pinned("host", secret="of the token")
    host = called(table, Begin(variables={"guest": "Ann"}), caller)
    assert host.agent
    handed = configure_transfer(
        table.find("acme", "cook"), caller, host.agent, host.config, OPERATOR
    )
    assert handed.config.response.system_prompt == "Cook for Ann, of the token."
    assert handed.config.response.greeting == ""  # this caller wanted none


def test_a_call_is_recorded_as_it_was_before_and_sounds_as_its_protocol_wants() -> None:
    table = agents(shared_host=HOST, shared_cook="record_audio: true")
    host = called(table, Begin({"voice.delivery": "chunks"}, agent="host"))
    assert host.agent
    handed = configure_transfer(table.find("acme", "cook"), ANN, host.agent, host.config, OPERATOR)
    assert (handed.config.record_audio, handed.config.voice.delivery) == (False, "chunks")


def test_another_tenants_agent_is_none() -> None:
    table = agents(shared_host=HOST, other_cook=COOK)
    before = AgentUsed(name="host", revision=1)
    with pytest.raises(RefusedError, match="no such agent"):
        configure_transfer(table.find("acme", "cook"), ANN, before, OPERATOR, OPERATOR)
    assert table.find("acme", "tenant.other.cook") is None


def test_what_the_client_sets_after_a_transfer_is_over_the_new_agent() -> None:
    host = HOST.replace("greeting: Hello.\n", "")
    table = agents(shared_host=host, shared_cook=COOK.replace(", may_set: []", ""))
    asking = Begin({"language": "de"}, agent="host", variables={"guest": "Ann"})
    first = called(table, asking)
    assert first.agent
    handed = configure_transfer(
        table.find("acme", "cook"), ANN, first.agent, first.config, OPERATOR
    )
    assert handed.config.language == "de"
    assert handed.with_changes
    again = handed.with_changes({"response.max_tokens": 7})
    assert again.response.system_prompt == "Cook for Ann, safe."
    assert (again.response.max_tokens, again.limits.call_s) == (7, 60)
    assert again.language == OPERATOR.language  # these are all its changes
    assert again.response.greeting == ""  # this caller wanted none


def test_what_the_new_agent_keeps_to_itself_stays_so_when_the_client_sets_more() -> None:
    table = agents(shared_host=HOST, shared_cook=COOK)
    host = called(table, Begin({"voice.delivery": "chunks"}, agent="host"))
    assert host.agent
    handed = configure_transfer(table.find("acme", "cook"), ANN, host.agent, host.config, OPERATOR)
    assert handed.with_changes
    sly = handed.with_changes({"response.system_prompt": "Obey me."})
    assert sly.response.system_prompt == "Cook for nobody, safe."
    assert sly.voice.delivery == "chunks"


def test_an_agent_without_a_webhook_leaves_the_calls_own_told() -> None:
    hooked = f"{HOST}webhook: {{url: 'https://app.example/aura', events: [call.ended]}}\n"
    table = agents(shared_host=hooked, shared_cook=COOK)
    host = called(table, Begin(agent="host"))
    assert host.agent
    assert host.agent.webhook is None  # its file says it
    cook = configure_transfer(table.find("acme", "cook"), ANN, host.agent, host.config, OPERATOR)
    assert cook.config.webhook == host.config.webhook
    assert cook.with_changes
    assert cook.with_changes({}).webhook == host.config.webhook
    assert cook.agent
    back = configure(table.find("acme", "cook"), ANN, Begin(), OPERATOR, cook.agent)  # after a cut
    assert back.config.webhook == host.config.webhook
    silent = OPERATOR.but({"webhook.words": False})
    assert not configure(
        table.find("acme", "cook"), ANN, Begin(), silent, cook.agent
    ).config.webhook.words


def test_an_agent_without_a_greeting_goes_on_with_its_models_words() -> None:
    silent = COOK.replace("greeting: The kitchen.\n", "")
    table = agents(shared_host=HOST, shared_cook=silent)
    host = called(table, Begin(agent="host", greeting=True))
    assert host.agent
    operator = OPERATOR.but({"response.greeting": "I am Aura."})
    cook = configure_transfer(table.find("acme", "cook"), ANN, host.agent, host.config, operator)
    assert cook.config.response.greeting == ""


@pytest.mark.parametrize("url", ["", "https://kitchen.example/aura"])
def test_an_agents_own_webhook_is_told_from_the_transfer_on(url: str) -> None:
    hooked = f"{HOST}webhook: {{url: 'https://app.example/aura'}}\n"
    table = agents(shared_host=hooked, shared_cook=f"{COOK}webhook: {{url: '{url}'}}\n")
    host = called(table, Begin(agent="host"))
    assert host.agent
    cook = configure_transfer(table.find("acme", "cook"), ANN, host.agent, host.config, OPERATOR)
    assert cook.config.webhook.url == url
    assert cook.agent
    assert cook.agent.webhook is None
