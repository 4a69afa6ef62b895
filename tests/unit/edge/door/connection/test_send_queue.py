"""Messages that wait for a slow client, and the audio that an interruption makes stale."""

from __future__ import annotations

from edge.core.messages.client_events import Interrupted, Speech
from edge.door.connection.send_queue import Piece, SendQueue

A_SECOND = bytes(32_000)


def piece(turn: int, words: str) -> Piece:
    return Piece.of(Speech(turn, words, A_SECOND, ends=False))


def queue_of(*pieces: Piece | str, sent: int = 0) -> SendQueue:
    """Return a queue of messages, of which the first *sent* have left."""
    queue = SendQueue()
    for one in pieces:
        if isinstance(one, str):
            queue.put(one)
        else:
            queue.put(f"<{one.words}>", one)
    for _ in range(sent):
        queue.pop()
    return queue


def rest(queue: SendQueue) -> list[str | None]:
    return [queue.pop() for _ in range(len(queue))]


def nothing(text: str) -> None:
    del text


def test_messages_leave_in_order_and_the_last_is_none() -> None:
    queue = queue_of("a", piece(1, "b"), "c")
    queue.put(None)
    assert rest(queue) == ["a", "<b>", "c", None]
    assert not queue


def test_an_interruption_takes_the_audio_of_its_response_alone() -> None:
    queue = queue_of(piece(1, "a"), "x", piece(2, "b"), "y", piece(2, "c"))
    queue.put(None)
    stale = queue.interrupt(Interrupted(2, ""), nothing)
    assert (stale.audio_ms, stale.text_bytes) == (2000, 6)
    assert rest(queue) == ["<a>", "x", "y", None]


def test_what_is_left_of_a_message_keeps_its_place_and_is_taken_once() -> None:
    queue = queue_of("x", piece(1, "long"), "y")
    stale = queue.interrupt(Interrupted(1, ""), lambda text: text[:1])
    assert stale.text_bytes == len("long>")
    assert not queue.interrupt(Interrupted(1, ""), nothing).audio_ms
    assert rest(queue) == ["x", "<", "y"]


def test_no_more_is_heard_than_has_left() -> None:
    queue = queue_of(piece(1, "One"), piece(2, "Two"), piece(2, " and"), piece(2, "three"), sent=3)
    event = Interrupted(2, "Two and three", played_ms=2600)
    assert queue.interrupt(event, nothing).interrupted == Interrupted(2, "Two and", 2000)


def test_less_is_heard_where_the_call_says_so() -> None:
    queue = queue_of(piece(1, "One"), piece(1, "two"), piece(1, "three"), sent=2)
    event = Interrupted(1, "One", played_ms=1500)
    assert queue.interrupt(event, nothing).interrupted == event


def test_where_all_audio_has_left_the_call_is_right() -> None:
    """Its audio may go over a track, and the queue has no pieces."""
    event = Interrupted(1, "One", played_ms=1500)
    assert queue_of("x").interrupt(event, nothing).interrupted == event


def test_a_response_of_which_nothing_has_left_was_not_heard() -> None:
    queue = queue_of(piece(1, "One"), piece(2, "Two"), sent=1)
    event = Interrupted(2, "Two", played_ms=900)
    assert queue.interrupt(event, nothing).interrupted == Interrupted(2, "", 0)


def test_a_response_that_goes_on_is_counted_from_where_it_was_interrupted() -> None:
    queue = queue_of(piece(1, "One"), piece(1, "two"), sent=1)
    queue.interrupt(Interrupted(1, "One two", played_ms=1800), nothing)
    for words in ("two", "three"):
        queue.put(words, piece(1, words))
    queue.pop()
    event = Interrupted(1, "One two three", played_ms=2900)
    assert queue.interrupt(event, nothing).interrupted == Interrupted(1, "One two", 2000)


def test_the_turns_of_another_session_count_anew() -> None:
    queue = queue_of(piece(1, "One"), sent=1)
    queue.begin()
    queue.put("<Two>", piece(1, "Two"))
    event = Interrupted(1, "Two", played_ms=900)
    assert queue.interrupt(event, nothing).interrupted == Interrupted(1, "", 0)
