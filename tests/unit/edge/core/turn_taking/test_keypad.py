"""Keys of a telephone: pressed one by one, told to the language model as a turn of the caller."""

from __future__ import annotations

from edge.core.messages.client_events import Interrupted
from edge.core.messages.effects import Outbox
from edge.core.messages.inputs import Finished, KeyPressed
from edge.core.session.current_config import CurrentConfig
from edge.core.session.summary import Summary
from edge.core.turn_taking.idle import Idle
from edge.core.turn_taking.keypad import MOST_NUMBER_KEYS, QUIET_MS, Keypad
from schemas import events as ev
from schemas.session_config import SessionConfig
from tests.unit.edge.core.rehearsal import Rehearsal


def asked(r: Rehearsal) -> list[str]:
    return [one.messages[-1].text for one in r.events(ev.TurnTaken)]


def press(r: Rehearsal, keys: str, apart_ms: int = 300) -> None:
    for one in keys:
        r.give(KeyPressed(one))
        r.quiet(apart_ms)


def test_keys_are_one_turn_once_no_more_are_pressed() -> None:
    r = Rehearsal()
    press(r, "4921")
    assert [one.keys for one in r.events(ev.KeysPressed)] == list("4921")
    r.quiet(QUIET_MS - 400)
    assert asked(r) == []
    r.quiet(200)
    assert asked(r) == ["[keys pressed: 4921]"]
    assert r.events(ev.TurnCommitted)[-1].text == "[keys pressed: 4921]"


def test_keys_of_the_same_moment_are_all_kept_by_the_log() -> None:
    r = Rehearsal()
    for one in "112":
        r.give(KeyPressed(one))
    pressed = r.events(ev.KeysPressed)
    assert [one.keys for one in pressed] == list("112")
    assert len({one.id for one in pressed}) == 3
    assert pressed[-1].at_ms <= r.now_ms + 2


def test_time_alone_ends_a_number_where_no_sound_comes() -> None:
    r = Rehearsal()
    r.give(KeyPressed("7"))
    r.wait(QUIET_MS)
    assert asked(r) == ["[keys pressed: 7]"]


def test_a_hash_ends_a_number_at_once() -> None:
    r = Rehearsal()
    press(r, "12#", apart_ms=100)
    assert asked(r) == ["[keys pressed: 12#]"]


def test_a_key_interrupts_what_is_being_heard() -> None:
    r = Rehearsal()
    r.says(800, "What is the capital of France?")
    r.quiet(600)
    r.answers("It is Paris, and it has been for long.")
    r.speaks(0, 3000)
    r.quiet(1000)
    r.give(KeyPressed("1"))
    (interrupted,) = r.told(Interrupted)
    assert interrupted.heard.startswith("It is Paris")
    assert 800 < interrupted.played_ms < 1100


def test_keys_pressed_while_the_caller_speaks_wait_and_join_the_words() -> None:
    r = Rehearsal()
    r.says(800)
    r.give(KeyPressed("5"))
    r.says(QUIET_MS + 500, "My number is")
    assert not any("keys" in text for text in asked(r))
    r.quiet(3000)
    assert asked(r)[-1] == "My number is [keys pressed: 5]"


def test_keys_of_a_caller_who_hangs_up_are_dropped() -> None:
    r = Rehearsal()
    r.give(KeyPressed("5"))
    r.give(Finished("caller_left"))
    r.wait(2 * QUIET_MS)
    assert asked(r) == []


def test_no_number_is_endless() -> None:
    r = Rehearsal()
    for _ in range(3 * MOST_NUMBER_KEYS):
        r.give(KeyPressed("9"))
    r.wait(QUIET_MS)
    assert asked(r) == [f"[keys pressed: {'9' * MOST_NUMBER_KEYS}]"]


def test_a_digit_that_is_none_is_not_waited_for() -> None:
    keypad = Keypad(Idle(CurrentConfig(SessionConfig())), Outbox("t", "s", Summary()))
    keypad.press("", 1000)
    assert keypad.due_ms is None
