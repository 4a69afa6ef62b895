"""A connection is lost between storing the end of an utterance and the commit of its turn."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from edge.core.session.history import History, fold
from edge.core.session.unstored_commit import UnstoredCommit
from schemas import events as ev
from schemas.events import Message
from tests.unit.edge.core.rehearsal import Rehearsal
from tests.unit.edge.core.response.test_handover import ANSWER, QUESTION, comes_back, cut_off


def reading(log: Iterable[ev.Event]) -> UnstoredCommit:
    unstored = UnstoredCommit()
    for event in log:
        unstored.read(event)
    return unstored


def decided() -> tuple[list[ev.Event], list[ev.Event]]:
    """Return the log of a connection up to the end of an utterance, and the commit after it."""
    _, log = cut_off(heard_ms=0)
    end = next(n for n, event in enumerate(log) if isinstance(event, ev.SpeechEnded)) + 1
    commits = [one for one in log[end:] if isinstance(one, ev.TurnCommitted)]
    assert len(commits) == 1
    pause = next(number for number, one in enumerate(log) if isinstance(one, ev.TurnTaken))
    words = ev.TranscriptGuess(
        tenant="t",
        session="s",
        at_ms=log[pause].at_ms,
        utterance=1,
        pause=1,
        text=QUESTION,
        confidence=0.9,
        took_ms=50.0,
        model="m",
    )
    return [*log[:pause], words, *log[pause:end]], list(commits)


@pytest.mark.parametrize("stored_later", [False, True])
def test_the_turn_is_answered_on_the_next_connection(*, stored_later: bool) -> None:
    log, commits = decided()
    r = comes_back(log)
    r.answers(*ANSWER, turn=1)
    for index in range(3):
        r.speaks(index, 1000, turn=1)
    r.quiet(4000)
    assert r.spoken_ms() == 3000
    said = [Message("user", QUESTION), Message("assistant", " ".join(ANSWER))]
    assert r.call.history.messages == said

    resumed = ev.SessionResumed(
        tenant="t", session="s", at_ms=r.now_ms, edge="e", config=r.call.config, version="1"
    )
    later = [*log, resumed, *(commits if stored_later else ()), *r.events(ev.Event)]
    assert fold(later).messages == said
    assert fold(later).carried == []
    assert fold(later).unfinished is None


def test_the_missing_commit_is_the_one_that_was_decided() -> None:
    log, (commit,) = decided()
    unstored = reading(log)
    assert unstored.take(str) == commit
    assert unstored.take(str) is None


def test_carried_words_begin_the_text() -> None:
    log, _ = decided()
    unstored = reading(log)
    found = unstored.take(History(carried=["Well."]).with_carried)
    assert found
    assert found.text == f"Well. {QUESTION}"


def test_a_stored_commit_is_not_missing() -> None:
    log, commits = decided()
    unstored = reading([*log, *commits])
    assert unstored.take(str) is None


def test_words_that_were_only_entered_are_not_committed() -> None:
    log, _ = decided()
    head = ev.Head(tenant="t", session="s", at_ms=log[-1].at_ms)
    entered = ev.MessageAdded(**head, key="speech_1", role="user", text=QUESTION)
    unstored = reading([*log, entered])
    assert unstored.take(str) is None


def test_a_turn_that_may_go_on_is_not_committed() -> None:
    log, _ = decided()
    unstored = reading(log[:-1])
    assert unstored.take(str) is None


def test_words_that_end_without_a_turn_are_not_committed() -> None:
    r = Rehearsal("chunks")
    r.says(800, "")
    r.quiet(2000)
    unstored = reading(r.events(ev.Event))
    assert r.events(ev.SpeechEnded)
    assert unstored.take(str) is None
