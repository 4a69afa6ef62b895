"""A model that ends the call: the goodbye is heard first."""

from __future__ import annotations

from edge.core.messages.effects import HangUp
from schemas import events as ev
from tests.unit.edge.core.aura_side import HEAD, AuraSide
from tests.unit.edge.core.response.tool_table import Table


def test_the_call_ends_after_the_goodbye_was_heard() -> None:
    r = Table()
    r.types("Bye!")
    r.calls(("end_call", "{}"))
    assert (r.asked.step, r.asked.tools) == (1, ())
    r.says_words("Goodbye!")
    r.speaks(0, 800)
    r.wait(700)
    assert not [one for one in r.effects if isinstance(one, HangUp)]
    r.wait(200)
    assert [one for one in r.effects if isinstance(one, HangUp)] == [HangUp()]


def test_a_goodbye_that_was_said_with_the_call_needs_no_further_step() -> None:
    r = Table()
    r.types("Bye!")
    r.calls(("end_call", "{}"), words=("Goodbye!",))
    assert r.asked.step == 0
    r.speaks(0, 800)
    r.wait(1000)
    assert [one for one in r.effects if isinstance(one, HangUp)]


def test_a_caller_who_speaks_over_the_goodbye_is_not_hung_up_on() -> None:
    r = Table()
    r.types("Bye!")
    r.calls(("end_call", "{}"), words=("Goodbye, and thank you for calling.",))
    r.speaks(0, 3000)
    r.wait(1000)
    r.types("One more thing!")
    r.says_words("Yes?")
    r.speaks(0, 500)
    r.wait(5000)
    assert not [one for one in r.effects if isinstance(one, HangUp)]


def test_the_call_is_hung_up_after_a_response_that_ends_it_and_not_if_it_is_cut() -> None:
    for complete in (True, False):
        aura = AuraSide()
        response = aura.responds("Goodbye.")
        response.steps.read(
            ev.ToolCalled(
                **HEAD,
                turn=response.turn,
                step=0,
                call=0,
                name="end_call",
                arguments="{}",
                model="m",
                took_ms=1.0,
            )
        )
        response.steps.texts[0] = "Goodbye."
        aura.current.finish(response, aura.now_ms, heard="Goodbye.", complete=complete)
        assert (HangUp() in aura.out.take()) == complete
