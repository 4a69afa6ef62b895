"""Callers who say nothing: they are asked, and then the call ends."""

from __future__ import annotations

from typing import Any

from edge.core.messages.effects import HangUp
from edge.core.messages.inputs import TurnEnded, Typed
from schemas import events as ev
from schemas.control import Mute
from tests.unit.edge.core.client_calls import BY_CLIENT, final
from tests.unit.edge.core.commands import commanded, hung_up, voiced
from tests.unit.edge.core.rehearsal import Rehearsal


def idle(**changes: Any) -> Rehearsal:
    return Rehearsal(idle__after_s=20, **changes)


def test_an_idle_caller_is_asked_and_then_the_call_ends() -> None:
    r = idle()
    r.wait(19_900)
    assert not r.events(ev.CallerIdle)
    r.wait(200)
    voiced(r, 1000)
    r.quiet(1200)
    assert [one.text for one in r.events(ev.AnswerHeard)] == ["Are you still there?"]
    r.wait(19_500)
    assert len(r.events(ev.CallerIdle)) == 1
    r.wait(1000)
    voiced(r, 500)
    r.quiet(1000)
    assert [one.ends for one in r.events(ev.CallerIdle)] == [False, True]
    assert hung_up(r) == [HangUp("CALL_IDLE", "nobody spoke for 20 s")]


def test_a_caller_who_answers_the_question_is_asked_anew_later() -> None:
    r = idle()
    for _ in range(2):
        r.wait(20_100)
        voiced(r, 500)
        r.quiet(600)
        r.give(Typed("Yes."))
        r.answers("Good.")
        r.speaks(0, 500)
        r.quiet(600)
    assert [one.ends for one in r.events(ev.CallerIdle)] == [False, False]


def test_a_caller_who_hands_in_an_answer_is_asked_anew_later() -> None:
    r = idle(**BY_CLIENT)
    for _ in range(3):
        r.wait(20_100)
        voiced(r, 500)
        r.quiet(600)
        r.says(800)
        r.give(TurnEnded())
        final(r, "Yes, I am here.")
    assert [one.ends for one in r.events(ev.CallerIdle)] == [False] * 3


def test_who_dictates_is_asked_only_after_the_last_word() -> None:
    r = idle(turns__respond=False)
    for _ in range(6):
        r.says(2000, "I am telling a long story now.")
        r.quiet(3000)
    assert not r.events(ev.CallerIdle)
    r.wait(20_000)
    assert len(r.events(ev.CallerIdle)) == 1


def test_noise_is_no_word_and_a_muted_call_is_not_idle() -> None:
    r = idle()
    r.quiet(10_000)
    r.says(200, "")
    r.quiet(10_100)
    assert len(r.events(ev.CallerIdle)) == 1
    muted = idle()
    commanded(muted, Mute(side="assistant"))
    muted.wait(60_000)
    assert not muted.events(ev.CallerIdle)


def test_without_a_question_an_idle_call_ends_at_once_and_without_the_setting_never() -> None:
    r = idle(idle__prompt="", idle__goodbye="")
    r.wait(20_100)
    assert hung_up(r)
    never = Rehearsal()
    never.wait(4_000_000)
    assert not never.events(ev.CallerIdle)
