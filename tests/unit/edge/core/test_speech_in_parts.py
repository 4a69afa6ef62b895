"""Speech that is too long for one utterance."""

from __future__ import annotations

from edge.core.hearing.framing import FRAME_BYTES, FRAME_MS
from edge.core.hearing.utterance import SPLIT_MS
from edge.core.messages.client_events import (
    CallerTranscript,
)
from schemas import events as ev
from tests.unit.edge.core.rehearsal import VOICE, Rehearsal


def speaks_for(r: Rehearsal, ms: int) -> None:
    """Speak for *ms*, which arrive at once."""
    r.burst(VOICE * (ms // FRAME_MS))


def speaks_on(r: Rehearsal) -> None:
    """Speak a first part as long as a part may be, pause, and go on."""
    speaks_for(r, SPLIT_MS)
    r.quiet(160)
    r.hears("This is the first part.")
    r.says(100)


def test_a_long_speech_is_entered_at_a_pause_after_which_the_caller_goes_on() -> None:
    r = Rehearsal()
    speaks_on(r)
    r.says(900, "And this is the second.")
    r.quiet(800)
    assert [e.utterance for e in r.events(ev.SpeechStarted)] == [1, 2]
    assert [(e.text, e.role) for e in r.events(ev.MessageAdded)] == [
        ("This is the first part.", "user")
    ]
    assert [c.text for c in r.events(ev.TurnCommitted)] == ["And this is the second."]
    (*_, taken) = r.events(ev.TurnTaken)
    assert [m.text for m in taken.messages] == [
        "This is the first part.",
        "And this is the second.",
    ]
    assert [(t.text, t.continues) for t in r.told(CallerTranscript) if t.final] == [
        ("This is the first part.", False),
        ("And this is the second.", True),
    ]
    pauses = [frame.pause for frame in r.audio_messages(1) if frame.pause]
    assert r.audio_messages(1)[-1].final_pause == pauses[-1], (
        "what came after the pause is not recognised"
    )
    first = b"".join(frame.pcm for frame in r.audio_messages(2))
    voiced = [first[at : at + FRAME_BYTES] == VOICE for at in range(0, len(first), FRAME_BYTES)]
    assert sum(voiced) * FRAME_MS == 1000, "all that was said after the pause, and nothing before"


def test_a_long_speech_whose_words_are_not_known_yet_is_not_ended_at_a_pause() -> None:
    r = Rehearsal()
    speaks_for(r, SPLIT_MS)
    r.quiet(160)
    r.says(900, "All of it.")
    r.quiet(800)
    assert [e.utterance for e in r.events(ev.SpeechStarted)] == [1]
    assert [c.text for c in r.events(ev.TurnCommitted)] == ["All of it."]
