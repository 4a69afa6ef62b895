"""What a caller hears while a tool runs: words, then a sound."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.messages.client_events import (
    Interrupted,
    Speech,
)
from edge.core.response.playback import PLAYBACK_LEAD_MS
from edge.core.response.wait_sound import WAIT_PIECE_MS, after
from schemas import events as ev
from schemas.audio import BYTES_PER_MS
from tests.unit.edge.core.response.tool_table import Table

SOON_MS = PLAYBACK_LEAD_MS + WAIT_PIECE_MS
"""Of the wait sound, so much is ahead at most."""


def test_a_caller_who_hears_nothing_is_told_once_to_wait() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"), words=("Let me see.",))
    r.speaks(0, 1000)
    r.wait(1900)
    assert len(r.events(ev.ResponseSentence)) == 0
    r.wait(200)
    assert [one.text for one in r.events(ev.ResponseSentence)] == ["One moment, please."]
    r.speaks(1, 500)
    r.wait(2500)
    assert len(r.events(ev.ResponseSentence)) == 1
    r.returns("1")
    assert (r.asked.step, r.asked.first_index) == (1, 2)


def test_a_caller_who_was_told_to_wait_is_told_if_the_model_then_says_nothing() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"))
    r.wait(2000)
    r.speaks(0, 500)
    r.returns("1")
    r.says_words()
    assert [one.text for one in r.events(ev.ResponseSentence)] == [
        "One moment, please.",
        "I am sorry, I could not do that.",
    ]


def test_a_model_that_spoke_before_its_call_may_say_nothing_after_it() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"), words=("Here is our menu.",))
    r.returns("shown")
    r.says_words()
    assert not r.events(ev.ResponseSentence)


def waits(delivery: str, **changes: Any) -> Table:
    """A caller who has waited two seconds for a tool, and hears the wait sound."""
    r = Table(
        tool_use__wait_sound=True, tool_use__wait_words="", voice__delivery=delivery, **changes
    )
    r.types()
    r.calls(("book", "{}"), words=("Let me see.",))
    r.speaks(0, 1000)
    r.wait(1900)
    assert sum(len(one.pcm) for one in r.told(Speech)) == 1000 * BYTES_PER_MS
    r.wait(1100)
    return r


@pytest.mark.parametrize("delivery", ["sentences", "chunks"])
def test_a_caller_who_waits_hears_a_sound_from_the_first_second_to_the_next_words(
    delivery: str,
) -> None:
    r = waits(delivery)
    sound = b"".join(one.pcm for one in r.told(Speech))[1000 * BYTES_PER_MS :]
    assert 1000 <= len(sound) // BYTES_PER_MS <= 1000 + SOON_MS  # no gap, and little ahead
    assert sound == b"".join(
        after(sent) for sent in range(0, len(sound), WAIT_PIECE_MS * BYTES_PER_MS)
    )
    r.returns("1")
    r.wait(1000)
    before = len(r.told(Speech))
    assert not any(one.text for one in r.told(Speech)[-8:])
    r.says_words("It is booked for two.")
    r.speaks(1, 1000)
    r.wait(1000 + SOON_MS)
    later = r.told(Speech)[before:]
    assert sum(len(one.pcm) for one in later) == 1000 * BYTES_PER_MS
    assert "".join(one.text for one in later).strip() == "It is booked for two."
    (heard,) = r.events(ev.AnswerHeard)
    assert (heard.text, heard.complete) == ("Let me see. It is booked for two.", True)


@pytest.mark.parametrize("delivery", ["sentences", "chunks"])
@pytest.mark.parametrize("waited_ms", [0, 70, 500])
def test_words_after_a_wait_sound_count_as_heard_once_they_were(
    delivery: str, waited_ms: int
) -> None:
    r = waits(delivery)
    r.wait(waited_ms)
    r.returns("1")
    r.says_words("It is booked for two.")
    r.speaks(1, 1000)
    while r.told(Speech)[-1].text == "":
        r.wait(20)
    r.wait(WAIT_PIECE_MS + 500)
    r.types("No.")
    assert r.told(Interrupted)[-1].heard in {"Let me see. It is", "Let me see. It is booked"}


@pytest.mark.parametrize("delivery", ["sentences", "chunks"])
def test_the_wait_sound_is_held_and_interrupted_like_words(delivery: str) -> None:
    r = waits(delivery, interruption__voice_ms=200)
    r.says(400)  # a voice over it stops it, and no words let it go on
    (stopped,) = r.told(Interrupted)
    assert stopped.heard == "Let me see."
    told = len(r.told(Speech))
    r.quiet(300)
    assert len(r.told(Speech)) == told
    r.hears("")
    r.quiet(1000)
    assert not any(one.text for one in r.told(Speech)[told:])
    assert len(r.told(Speech)) > told
    r.says(400, "Stop it please.")
    r.quiet(2000)
    assert r.events(ev.ResponseCancelled)[-1].reason == "interrupted"
    assert r.events(ev.AnswerHeard)[-1].text == "Let me see."


def test_a_wait_sound_hides_no_model_that_is_lost() -> None:
    r = waits("sentences", response__deadline_ms=3000)
    r.returns("1")
    r.wait(3100)
    (told,) = r.events(ev.TroubleTold)
    assert told.stage == "llm"
    r.speaks(1, 500)  # the apology
    r.wait(1000)
    assert r.events(ev.AnswerHeard)[-1].complete


@pytest.mark.parametrize("delivery", ["whole", "text"])
def test_a_response_that_is_read_or_sent_in_one_piece_has_no_wait_sound(delivery: str) -> None:
    r = Table(tool_use__wait_sound=True, voice__delivery=delivery)
    r.types()
    r.calls(("book", "{}"))
    r.wait(4000)
    assert not any(one.pcm for one in r.told(Speech))


def test_the_wait_sound_goes_on_after_the_words_and_begins_anew_in_each_step() -> None:
    r = Table(tool_use__wait_sound=True)
    r.types()
    r.calls(("book", "{}"))
    r.wait(1100)
    r.speaks(0, 500)
    r.wait(1000)
    said = [one.text for one in r.told(Speech)]
    at = said.index("One moment, please.")
    assert 0 < at < len(said) - 1
    r.returns("1")
    r.calls(("book", "{}"), words=("And the garden?",))
    r.speaks(1, 500)
    r.wait(1400)
    assert r.told(Speech)[-1].text == "And the garden?"
    r.wait(500)
    assert r.told(Speech)[-1].text == ""
