"""What an edge counts of the effects of a call."""

from __future__ import annotations

from prometheus_client import REGISTRY

from edge.call import counters
from edge.core.messages.effects import Publish, Tell
from tests.unit.edge.core.rehearsal import Rehearsal


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def count(call: Rehearsal) -> None:
    for effect in call.effects:
        match effect:
            case Publish(event):
                counters.published(event)
            case Tell(notice):
                counters.sent(notice)
            case _:
                pass


def test_a_guess_that_was_wrong_and_one_that_was_right_are_counted() -> None:
    taken = value("aura_edge_guesses_total")
    retracted = value("aura_edge_guesses_retracted_total")
    endpoints = value("aura_edge_endpoint_wait_seconds_count")
    call = Rehearsal()
    call.says(600)
    call.quiet(200)
    call.hears("What is it?")
    call.says(400)  # the caller goes on
    call.quiet(200)
    call.hears("What is it like?")
    call.quiet(800)
    count(call)
    assert value("aura_edge_guesses_total") == taken + 2
    assert value("aura_edge_guesses_retracted_total") == retracted + 1
    assert value("aura_edge_endpoint_wait_seconds_count") == endpoints + 1


def test_an_interruption_is_counted_once_with_its_turn() -> None:
    turns, interruptions = value("aura_edge_turns_total"), value("aura_edge_interruptions_total")
    felt = value("aura_edge_turn_step_seconds_count", step="first_sent")
    call = Rehearsal()
    call.says(600)
    call.quiet(200)
    call.hears("What is it?")
    call.quiet(800)
    call.answers("It is a long story.")
    call.speaks(0, 5000)
    call.quiet(1500)
    call.says(500)
    call.partial("Wait, I")
    count(call)
    assert value("aura_edge_interruptions_total") == interruptions + 1
    assert value("aura_edge_turns_total") == turns + 1
    assert value("aura_edge_turn_step_seconds_count", step="first_sent") == felt + 1


def test_dropped_audio_is_counted_in_bytes() -> None:
    before = value("aura_edge_dropped_bytes_total", towards="bus")
    counters.dropped("bus", 640)
    assert value("aura_edge_dropped_bytes_total", towards="bus") == before + 640
