"""A recorded session as another agent would have it set."""

from __future__ import annotations

import pytest

from aura.replay.other_agent import served_by
from runtime.agents.resolve import VariableError
from runtime.agents.store import Revision
from schemas.agent import AgentUsed
from schemas.events import SessionStarted
from schemas.session_config import SessionConfig

OPERATOR = SessionConfig().but({"response.system_prompt": "the operator's"})


def revision(number: int, text: str) -> Revision:
    return Revision("acme", "host", number, "", text)


def session(changes: dict[str, object], agent: AgentUsed | None = None) -> SessionStarted:
    return SessionStarted(
        tenant="acme",
        session="s_1",
        at_ms=1,
        user="ann",
        protocol="continuous",
        edge="edge-1",
        config=OPERATOR.but(changes),
        agent=agent,
    )


OLD = revision(1, "prompt: 'old {{guest}}'\nlanguage: de\nvariables: {guest: {}}\n")
USED = AgentUsed(name="host", revision=1, variables={"guest": "Ann"})
SAID = {
    "response.system_prompt": "old Ann",
    "language": "de",
    "turns.silence_ms": 700,
    "response.greeting": "Hello.",
}


def test_a_newer_revision_has_the_sessions_variables_and_the_older_ones_words_are_gone() -> None:
    new = revision(2, "prompt: 'new {{guest}}'\nvariables: {guest: {}}\n")
    config, agent = served_by(new, session(SAID, USED), OLD, OPERATOR)
    assert config.response.system_prompt == "new Ann"
    assert config.language == OPERATOR.language
    assert config.turns.silence_ms == 700
    assert agent == AgentUsed(name="host", revision=2, variables={"guest": "Ann"})


def test_the_callers_changes_stay_if_the_new_agent_allows_them() -> None:
    used = AgentUsed(
        name="host", revision=1, variables={"guest": "Ann"}, caller_changes={"language": "fr"}
    )
    began = session({**SAID, "language": "fr"}, used)
    assert served_by(revision(2, "language: it"), began, OLD, OPERATOR).config.language == "fr"
    guarded = revision(2, "language: it\ncallers: {may_set: []}")
    assert served_by(guarded, began, OLD, OPERATOR).config.language == "it"


def test_a_session_without_an_agent_is_served_by_one() -> None:
    config, agent = served_by(revision(2, "prompt: new"), session({}), None, OPERATOR)
    assert config.response.system_prompt == "new"
    assert str(agent) == "host@2"


def test_a_caller_who_was_not_greeted_is_not_greeted_now() -> None:
    new = revision(2, "greeting: Ciao.")
    assert served_by(new, session({}), None, OPERATOR).config.response.greeting == ""
    greeted = session({"response.greeting": "Hello."})
    assert served_by(new, greeted, None, OPERATOR).config.response.greeting == "Ciao."


def test_a_variable_that_the_session_has_no_value_for_is_told() -> None:
    new = revision(2, "prompt: '{{table}}'\nvariables: {table: {}}\n")
    with pytest.raises(VariableError, match="table"):
        served_by(new, session(SAID, USED), OLD, OPERATOR)
