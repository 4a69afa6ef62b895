"""What a caller is offered: their tenant's agents and shared ones, as far as they can be had."""

from __future__ import annotations

from edge.door.agents.agent_offers import CHOICES, Offer, each_offer
from edge.door.agents.agent_table import AgentTable
from edge.door.callers.auth import Caller
from schemas.session_config import SessionConfig
from tests.unit.edge.door.agents.test_agent_choice import ANN, OPERATOR, agents, pinned


def offers(table: AgentTable, caller: Caller, operator: SessionConfig) -> list[Offer]:
    return [one for one in each_offer(table, caller, operator) if one]


def names(**texts: str) -> list[str]:
    return [one.name for one in offers(agents(**texts), ANN, OPERATOR)]


def test_without_agents_the_operators_settings_are_offered() -> None:
    (only,) = offers(agents(), ANN, OPERATOR)
    assert (only.name, only.language, only.may_set) == ("", OPERATOR.language, CHOICES)


def test_agents_of_the_tenant_and_of_all_are_offered_and_of_nobody_else() -> None:
    known = agents(acme_cook="{}", shared_host="{}", other_theirs="{}", shared_default="{}")
    assert [one.name for one in offers(known, ANN, OPERATOR)] == ["", "cook", "host"]
    bob = Caller("bob", "ac")
    assert [one.name for one in offers(known, bob, OPERATOR)] == ["", "host"]


def test_an_agent_says_what_it_has_of_itself_and_what_may_be_changed() -> None:
    text = (
        "description: Cooks\nlanguage: de\nturns: {eagerness: low}\n"
        "callers: {may_set: [eagerness, record]}"
    )
    default, cook = offers(agents(acme_cook=text, shared_default="description: All"), ANN, OPERATOR)
    assert default.about == "All"
    assert (cook.about, cook.language, cook.eagerness) == ("Cooks", "de", "low")
    assert cook.may_set == ("eagerness",)


def test_what_cannot_be_had_by_its_name_alone_is_not_offered() -> None:
    assert names(acme_boss="callers: {may_choose: false}") == [""]
    assert names(acme_wants="prompt: '{{x}}'\nvariables: {x: {}}") == [""]
    assert names(acme_broken="prompt: [") == [""]
    assert names(acme_removed="") == [""]


def test_a_token_that_names_an_agent_is_offered_that_alone() -> None:
    known = agents(acme_boss="description: Boss\ncallers: {may_choose: false}", acme_cook="{}")
    (only,) = offers(known, pinned("boss"), OPERATOR)
    assert (only.name, only.about) == ("", "Boss")
