"""A caller is handed over to another agent: who decides it, who goes on, and what is kept."""

from __future__ import annotations

import json

import pytest

from edge.core.messages.effects import AgentTransfer
from edge.core.messages.inputs import ClientToolResult, Reconfigured
from edge.core.session.history import fold
from schemas import events as ev
from schemas.agent import AgentUsed
from schemas.tools import ToolConfig, transfer_tool
from tests.unit.edge.core.rehearsal import config
from tests.unit.edge.core.response.resumed_tools import log_of, resumed, stage_events
from tests.unit.edge.core.response.tool_table import Table

COOK = AgentUsed(name="cook", revision=7, variables={"guest": "Ann"})
TRANSFER = transfer_tool({"cook": "Knows the dishes.", "bar": ""})


class Handed(Table):
    """A call whose agent may hand over to `cook` and `bar`."""

    def __init__(self) -> None:
        super().__init__([TRANSFER])

    @property
    def transfers(self) -> list[AgentTransfer]:
        return [one for one in self.effects if isinstance(one, AgentTransfer)]

    def hands_over(self, arguments: str = '{"agent": "cook"}') -> None:
        self.types("I have a question about the soup.")
        self.calls(("transfer", arguments))

    def goes_on(self, greeting: str = "") -> None:
        changed = config(
            "sentences", response__system_prompt="You cook.", response__greeting=greeting, tools=[]
        )
        self.give(Reconfigured(changed, COOK, self.transfers[-1].call))


def log_with_call(r: Handed) -> list[ev.Event]:
    written = stage_events(r, "transfer", '{"agent": "cook"}')
    return [*log_of(r)[:3], *written, *log_of(r)[3:]]


def test_the_model_knows_to_whom_it_may_hand_over() -> None:
    r = Handed()
    r.types()
    (offered,) = r.asked.tools
    assert offered.parameters["properties"]["agent"]["enum"] == ["cook", "bar"]
    assert "cook: Knows the dishes.\nbar" in offered.description


def test_the_new_agent_goes_on_in_the_same_turn_with_all_that_was_said() -> None:
    r = Handed()
    r.hands_over()
    assert r.transfers == [AgentTransfer("call_1_0_0", "cook")]
    assert r.asked.step == 0  # nobody goes on before the edge knows the agent
    r.goes_on()
    (changed,) = r.events(ev.AgentChanged)
    assert (changed.agent, r.call.history.agent) == (COOK, COOK)
    assert r.events(ev.SessionReconfigured)[-1].config.response.system_prompt == "You cook."
    taken = r.asked
    assert (taken.turn, taken.step, taken.system, taken.tools) == (1, 1, "You cook.", ())
    assert taken.messages[0].text == "I have a question about the soup."
    assert "you are cook now" in taken.messages[-1].text
    r.says_words("It is leek.")
    r.speaks(0, 500)
    r.wait(1000)
    assert r.events(ev.AnswerHeard)[-1].text == "It is leek."


def test_a_new_agent_with_a_greeting_begins_with_it() -> None:
    r = Handed()
    r.hands_over()
    r.goes_on("The kitchen, hello!")
    assert [one.text for one in r.events(ev.ResponseSentence)] == ["The kitchen, hello!"]
    assert r.asked.step == 0
    r.speaks(0, 500)
    r.wait(1000)
    assert r.events(ev.AnswerHeard)[-1].text == "The kitchen, hello!"
    assert r.types("What is in it?").system == "You cook."


def test_the_greeting_is_spoken_where_the_edge_is_quicker_than_the_end_of_the_step() -> None:
    r = Handed()
    r.types()
    r.calls(("transfer", '{"agent": "cook"}'), end=False)
    r.goes_on("The kitchen, hello!")
    assert not r.events(ev.ResponseSentence)
    r.event(
        ev.ResponseCompleted,
        turn=1,
        sentences=0,
        text="",
        model="m",
        prompt_tokens=1,
        completion_tokens=1,
        took_ms=1.0,
        step=0,
        calls=1,
    )
    assert [one.text for one in r.events(ev.ResponseSentence)] == ["The kitchen, hello!"]


@pytest.mark.parametrize(
    "arguments",
    ['{"agent": "boss"}', "{}", '{"agent": ["cook"]}', '{"agent": "../tenant.other.cook"}', "[]"],
)
def test_a_transfer_to_an_unlisted_agent_is_refused(arguments: str) -> None:
    r = Handed()
    r.hands_over(arguments)
    assert not r.transfers
    (failed,) = r.events(ev.ToolFailed)
    assert failed.reason == "invalid"
    assert r.asked.step == 1


def test_a_clients_tool_named_transfer_is_no_transfer() -> None:
    r = Table([ToolConfig(name="transfer", kind="client", parameters=TRANSFER.parameters)])
    r.types()
    r.calls(("transfer", '{"agent": "cook"}'))
    assert not [one for one in r.effects if isinstance(one, AgentTransfer)]
    assert r.requested == ["transfer"]


def test_without_the_tool_there_is_no_transfer() -> None:
    r = Table()
    r.types()
    r.calls(("transfer", '{"agent": "cook"}'))
    assert r.events(ev.ToolFailed)[-1].reason == "unknown"
    assert not [one for one in r.effects if isinstance(one, AgentTransfer)]


def test_a_transfer_that_cannot_be_is_told_to_the_model_of_the_old_agent() -> None:
    r = Handed()
    r.hands_over()
    r.give(ClientToolResult(r.transfers[0].call, "there is no such agent", failed=True))
    assert not r.events(ev.AgentChanged)
    assert json.loads(r.asked.messages[-1].text)["detail"] == "there is no such agent"
    assert r.asked.tools


def test_a_session_that_goes_on_keeps_its_new_agent() -> None:
    r = Handed()
    r.hands_over()
    r.goes_on()
    history = fold(log_with_call(r))
    assert history.agent == COOK
    assert history.summary.agent == "cook@7"


def test_a_transfer_that_an_edge_took_along_is_asked_for_again() -> None:
    r = Handed()
    r.hands_over()
    after = resumed(log_with_call(r), [TRANSFER])
    assert [one for one in after.effects if isinstance(one, AgentTransfer)] == r.transfers
