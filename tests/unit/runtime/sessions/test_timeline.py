"""Moments of a session, on one clock."""

from __future__ import annotations

import msgspec
import pytest

from runtime.sessions.spans import spans
from runtime.sessions.timeline import moments
from schemas import events as ev
from schemas import inputs
from schemas.events import Head
from tests.unit.runtime.story import T0, story


def test_moments_are_in_the_order_of_the_edges_clock_whatever_the_order_of_the_log() -> None:
    timeline = moments(reversed(story()))
    assert [moment.at_ms for moment in timeline] == sorted(moment.at_ms for moment in timeline)


def test_the_first_sound_of_an_answer_is_a_moment_though_no_event_says_when_it_left() -> None:
    sent = [moment for moment in moments(story()) if moment.name == "answer.sent"]
    assert [moment.at_ms - T0 for moment in sent] == [1900 + 561, 5900 + 562]


def test_growing_words_are_found_in_the_inputs() -> None:
    rows = [inputs.InputRow(T0 + 1500, inputs.PARTIAL, (1, 700, "What is"))]
    delivered = ev.InputsDelivered(
        tenant="acme",
        session="s_1",
        at_ms=T0 + 9000,
        section=0,
        from_ms=T0,
        frames=0,
        voice=b"",
        rows=inputs.pack(rows, T0),
    )
    (partial,) = [m for m in moments([*story(), delivered]) if m.name == "transcript.partial"]
    assert (partial.at_ms, partial.fields["text"]) == (T0 + 1500, "What is")


def test_the_probabilities_of_an_end_of_turn_are_shown() -> None:
    texts = {moment.name: moment.text for moment in moments(_doubted(event) for event in story())}
    assert texts["transcript.guess"].endswith("ended: 54%)")
    assert texts["response.sentence"].endswith("the caller had ended: 8%)")
    assert "ended" not in "".join(moment.text for moment in moments(story()))


def test_a_cut_and_a_reached_spend_limit_are_told_with_their_units() -> None:
    head: Head = {"tenant": "acme", "session": "s_1", "at_ms": T0}
    limits: list[tuple[ev.SpendLimitName, float, float]] = [
        ("tokens", 2_000_000, 2_000_150),
        ("speech_s", 0.9, 1.5),
        ("price", 0.5, 0.625),
    ]
    reached = [ev.SpendReached(**head, limit=name, most=n, used=k) for name, n, k in limits]
    assert [moment.text for moment in moments(reached)] == [
        "2000150 of 2000000 tokens",
        "1.5 of 0.9 s of speech",
        "price 0.625 of 0.5",
    ]
    (guess,) = [event for event in story()[:20] if isinstance(event, ev.TranscriptGuess)][:1]
    (cut,) = moments([msgspec.structs.replace(guess, pause=-14_000)])
    assert cut.text.endswith("stt-1, up to a cut at 14000 ms)")


def _doubted(event: ev.AnyEvent) -> ev.AnyEvent:
    match event:
        case ev.TranscriptGuess():
            return msgspec.structs.replace(event, eot_stt=0.54)
        case ev.ResponseSentence():
            return msgspec.structs.replace(event, eot_llm=0.08)
        case _:
            return event


def test_a_cancelled_answer_that_was_heard_to_its_end_says_so() -> None:
    def over_the_last_word(event: ev.AnyEvent) -> ev.AnyEvent:
        if isinstance(event, ev.AnswerHeard) and event.turn == 2:
            return msgspec.structs.replace(event, text="Madrid, of course, as everybody knows.")
        return event

    for told, expected in ((story(), None), ([over_the_last_word(e) for e in story()], True)):
        (cancelled,) = [moment for moment in moments(told) if moment.name == "response.cancelled"]
        assert cancelled.fields.get("to_the_end") is expected


def test_a_completely_heard_answer_is_not_cut_by_a_hang_up() -> None:
    def hung_up(event: ev.AnyEvent, *, early: bool) -> ev.AnyEvent:
        if not isinstance(event, ev.AnswerHeard) or event.turn != 1:
            return event
        text = event.text.rsplit(" ", 1)[0] if early else event.text
        return msgspec.structs.replace(event, complete=False, text=text)

    for early, name, said in ((False, "heard", "all: "), (True, "cut", "cut: ")):
        timeline = moments(hung_up(event, early=early) for event in story())
        heard = next(moment for moment in timeline if moment.name == "answer.heard")
        assert heard.text.startswith(said)
        assert heard.fields["complete"] is False, "what the log says is shown as it is"
        assert next(span.name for span in spans(timeline) if span.lane == "client") == name


def test_an_answer_is_cut_if_more_words_would_have_followed() -> None:
    unfinished = [
        event
        for event in story()
        if not (isinstance(event, ev.ResponseCompleted | ev.TurnMeasured) and event.turn == 2)
    ]
    whole = next(
        event for event in unfinished if isinstance(event, ev.ResponseSentence) and event.turn == 2
    )
    cut = [
        msgspec.structs.replace(event, text=whole.text)
        if isinstance(event, ev.AnswerHeard) and event.turn == 2
        else event
        for event in unfinished
    ]
    assert [span.name for span in spans(moments(cut)) if span.lane == "client"] == ["heard", "cut"]


def test_a_greeting_that_was_heard_is_a_moment_at_its_first_audio() -> None:
    head: Head = {"tenant": "acme", "session": "s_1", "at_ms": T0 + 900}
    heard = ev.AnswerHeard(**head, turn=0, text="Hello!", complete=True, played_ms=700)
    (sent,) = [moment for moment in moments([heard]) if moment.name == "answer.sent"]
    assert (sent.at_ms, sent.text, sent.turn) == (T0 + 200, "the greeting", 0)


def test_a_failed_job_is_in_the_lane_of_its_stage() -> None:
    head: Head = {"tenant": "acme", "session": "s_1", "at_ms": T0}
    lanes = [
        moments([ev.JobFailed(**head, stage=stage, reason="lost")])[0].lane
        for stage in ("stt", "tts")
    ]
    assert lanes == ["stt", "tts"]


@pytest.mark.parametrize(
    "rows", [b"\xc1 no rows", inputs.pack([inputs.InputRow(T0, inputs.PARTIAL, (1,))], T0)]
)
def test_inputs_that_cannot_be_read_have_no_partial_transcripts(rows: bytes) -> None:
    broken = ev.InputsDelivered(
        tenant="acme",
        session="s_1",
        at_ms=T0,
        section=0,
        from_ms=T0,
        frames=0,
        voice=b"",
        rows=rows,
    )
    assert [moment for moment in moments([broken]) if moment.name == "transcript.partial"] == []
