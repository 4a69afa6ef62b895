"""What a session sets of the beginning of its turns."""

from __future__ import annotations

import pytest

from edge.core.messages.client_events import CallerStarted
from schemas import events as ev
from tests.unit.edge.core.rehearsal import Rehearsal


def test_a_named_least_speech_keeps_short_sounds_out() -> None:
    call = Rehearsal(turns__min_speech_ms=300)
    call.says(200)
    call.quiet(300)
    assert not call.events(ev.SpeechStarted)
    call.says(300)
    assert call.events(ev.SpeechStarted)


@pytest.mark.parametrize(("min_speech_ms", "prefix_ms"), [(400, 20), (20, 400)])
def test_a_client_is_told_when_the_audio_of_the_speech_begins(
    min_speech_ms: int, prefix_ms: int
) -> None:
    call = Rehearsal(turns__min_speech_ms=min_speech_ms, turns__prefix_ms=prefix_ms)
    call.quiet(1000)
    call.says(min_speech_ms)
    (started,) = call.told(CallerStarted)
    assert started.ago_ms == 400
    call.quiet(100)
    sent_ms = sum(len(frame.pcm) for frame in call.audio_messages(1)) // 32
    assert sent_ms == 400 + 100


def test_a_named_prefix_is_sent_with_the_speech() -> None:
    sent = {}
    for prefix_ms in (100, 800):
        call = Rehearsal(turns__prefix_ms=prefix_ms)
        call.quiet(1000)
        call.says(200)
        call.quiet(100)
        sent[prefix_ms] = sum(len(frame.pcm) for frame in call.audio_messages(1)) // 32
    assert sent[800] - sent[100] == 700
