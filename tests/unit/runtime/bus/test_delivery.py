"""A message of the bus is read as what it should be, or left out with a line in the log."""

from __future__ import annotations

from structlog.testing import capture_logs

from runtime.bus.delivery import message_of
from schemas import codec
from schemas.audio import TranscriptPartial

PARTIAL = TranscriptPartial(utterance=1, text="My number is secret.", audio_ms=20)


def test_a_message_is_read_as_its_type() -> None:
    with capture_logs() as logs:
        assert message_of(TranscriptPartial, codec.encode(PARTIAL)) == PARTIAL
    assert logs == []


def test_a_malformed_message_is_logged_without_its_words() -> None:
    broken = codec.encode(PARTIAL).replace(b"utterance", b"utterancX")
    with capture_logs() as logs:
        assert message_of(TranscriptPartial, broken, session="s") is None
    (line,) = logs
    assert (line["event"], line["kind"], line["session"]) == (
        "message_malformed",
        "TranscriptPartial",
        "s",
    )
    assert "secret" not in str(logs)
