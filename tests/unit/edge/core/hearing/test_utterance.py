"""What a recogniser is told of an utterance beside its audio."""

from __future__ import annotations

from schemas.audio import BYTES_PER_MS
from tests.unit.edge.core.rehearsal import Rehearsal


def test_each_message_says_where_in_the_utterance_its_audio_begins() -> None:
    call = Rehearsal()
    for _ in range(3):
        call.says(730)
        call.quiet(250)
    until_ms = 0
    for frame in call.audio_messages(1):
        assert frame.from_ms == until_ms
        until_ms += len(frame.pcm) // BYTES_PER_MS
    assert until_ms > 2000


def test_a_message_says_when_the_caller_went_on_after_a_pause() -> None:
    call = Rehearsal()
    call.says(500)
    call.quiet(400)
    call.says(500)
    (marked,) = [frame for frame in call.audio_messages(1) if frame.continued_ms]
    (paused,) = [frame for frame in call.audio_messages(1) if frame.pause]
    pause_ms = paused.from_ms + len(paused.pcm) // BYTES_PER_MS
    assert marked.continued_ms - pause_ms == 300 + 40, "two frames of voice, and a third ends it"
