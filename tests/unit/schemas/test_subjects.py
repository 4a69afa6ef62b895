"""Ids are tokens of a subject, so that no id can name the subject of somebody else."""

import pytest

from schemas import subjects
from schemas.events import AnswerReached


@pytest.mark.parametrize("text", ["a", "A-z_09", "x" * 128])
def test_a_token_that_may_stand_in_a_subject_is_returned_as_it_is(text: str) -> None:
    assert subjects.token(text) == text


@pytest.mark.parametrize("text", ["", "*", ">", "a.b", "a b", "a\n", "é", "x" * 129])
def test_wildcards_dots_and_the_like_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="1 to 128"):
        subjects.token(text)
    with pytest.raises(ValueError, match="1 to 128"):
        subjects.agent_key("t", text)
    with pytest.raises(ValueError, match="1 to 128"):
        subjects.tenant_key(text)


def test_an_event_is_under_its_tenant_session_and_kind() -> None:
    event = AnswerReached(tenant="t", session="s", at_ms=5, turn=1, index=2)
    assert subjects.event(event) == "aura.ev.t.s.life"
    assert subjects.session_events("t", "s") == "aura.ev.t.s.*"


def test_agents_of_a_tenant_and_shared_ones_have_different_keys() -> None:
    assert subjects.agent_key("shared", "a") == "tenant.shared.a"
    assert subjects.agent_key("", "a") == "shared.a"


def test_a_replay_is_told_by_its_id() -> None:
    assert subjects.is_replay("r_1")
    assert not subjects.is_replay("s_r_1")


@pytest.mark.parametrize(
    ("made", "subject"),
    [
        (subjects.live("t", "s"), "aura.live.t.s.*"),
        (subjects.live("t", "s", "turn"), "aura.live.t.s.turn"),
        (subjects.utterance("s", 3), "aura.au.s.3"),
        (subjects.speech("s", 2), "aura.pcm.s.2"),
        (subjects.partials("s"), "aura.part.s"),
        (subjects.tool("t", "book"), "aura.tool.t.book"),
        (subjects.call("s"), "aura.call.s"),
        (subjects.recording("t", "s", "caller"), "aura.rec.t.s.caller"),
        (subjects.config("abc"), "aura.config.abc"),
        (subjects.tenant_key("t"), "tenants.t"),
    ],
)
def test_a_subject_names_what_and_then_whose(made: str, subject: str) -> None:
    assert made == subject
