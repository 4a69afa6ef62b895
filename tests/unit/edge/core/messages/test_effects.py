"""Effects come out in order, and each published event has an id of its own."""

from __future__ import annotations

from edge.core.messages.effects import Outbox, Publish
from edge.core.session.summary import Summary
from schemas import events as ev


def published(out: Outbox) -> list[ev.Event]:
    return [effect.event for effect in out.take() if isinstance(effect, Publish)]


def test_events_of_one_moment_have_ids_of_their_own() -> None:
    out = Outbox("t", "s", Summary())
    for turn, now_ms in ((1, 5), (1, 5), (2, 5), (1, 5), (1, 7)):
        out.publish(ev.AnswerTruncated(**out.head(now_ms), turn=turn, played_ms=1, text=""))
    for _ in range(2):
        added = ev.MessageAdded(**out.head(7), key="item_1", role="user", text="Hi.")
        out.publish(added)
        out.publish(ev.MessageRemoved(**out.head(7), key="item_1"))
    events = published(out)
    assert len({event.id for event in events}) == len(events)
    assert [event.at_ms for event in events] == [5, 6, 5, 7, 8, 7, 7, 8, 8]


def test_a_time_that_is_set_back_repeats_no_id() -> None:
    out = Outbox("t", "s", Summary())
    for now_ms in (9, 4, 4, 20):
        out.publish(ev.SpeechPaused(**out.head(now_ms), utterance=1, pause=1, speech_end_ms=1))
        out.publish(ev.SessionEnded(**out.head(now_ms), reason="drained", turns=0))
    ended = [event for event in published(out) if isinstance(event, ev.SessionEnded)]
    assert [event.at_ms for event in ended] == [9, 10, 11, 20]
