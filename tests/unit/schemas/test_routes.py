"""The way of a message is read from the first line of its type's docstring."""

import pytest

from schemas import events
from schemas.control import CallRequest
from schemas.routes import route, route_in, writers_of
from schemas.session_config import SessionConfig


def test_writers_readers_and_meaning_are_told_apart() -> None:
    way = route(events.TranscriptGuess)
    assert (way.writers, way.readers) == (("stt",), ("edge",))
    assert way.meaning == "the words up to a pause; the caller may still go on."


def test_several_writers_are_roles_of_their_own() -> None:
    assert route(events.ToolReturned).writers == ("tool", "edge")
    assert route(events.JobFailed).writers == ("stt", "llm", "tool", "tts")
    assert route(events.ResponseSentence).readers == ("tts", "edge")
    assert route(CallRequest).writers == ("controller",)


def test_writers_of_several_kinds_are_listed_once() -> None:
    assert writers_of([events.ResponseSentence, events.ResponseCancelled]) == ("llm", "edge")


@pytest.mark.parametrize("line", ["", "A text.", "Edge: a text.", "Edge -> nobody: a text."])
def test_a_line_without_a_way_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"WRITERS|no role"):
        route_in(line)


def test_a_type_without_a_way_is_refused() -> None:
    with pytest.raises(ValueError, match="WRITERS"):
        route(SessionConfig)
