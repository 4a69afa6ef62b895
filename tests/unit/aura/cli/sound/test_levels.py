"""Levels rise with the sound, at the time at which it is played."""

from __future__ import annotations

import pytest
from rich.text import Text

from aura.cli.sound.levels import METER_COLUMNS, Meter, Sounding, both, level
from aura.cli.sound.loudspeaker import Loudspeaker
from tests.caller import buzz, silence


def test_louder_sound_is_a_longer_bar() -> None:
    quiet, loud = (level(bytes([low, high] * 640)) for low, high in ((0x40, 0x00), (0x00, 0x40)))
    assert 0.0 == level(silence(20)) == level(b"") < quiet < loud <= 1.0


def test_a_piece_is_seen_when_it_is_played_and_not_when_it_comes() -> None:
    sounding = Sounding()
    sounding.add(silence(1000), 10.0)
    sounding.add(buzz(1000), 10.1)  # comes ahead of its time
    assert sounding.until_s == pytest.approx(12.0)
    assert [sounding.level(at) > 0.2 for at in (9.9, 10.5, 11.5, 12.5)] == [
        False,
        False,
        True,
        False,
    ]
    sounding.drop(11.6)
    assert (sounding.level(11.7), sounding.until_s) == (0.0, 11.6)


def test_a_meter_rises_at_once_and_falls_slowly() -> None:
    meter = Meter("green")
    full = [meter.drawn(loud, at).spans for loud, at in ((1.0, 1.0), (0.0, 1.1), (0.0, 3.0))]
    lengths = [
        sum(span.end - span.start for span in spans if span.style == "green") for spans in full
    ]
    assert lengths[0] == METER_COLUMNS > lengths[1] > lengths[2] == 0


def test_a_loudspeaker_plays_the_queue_in_order_and_then_silence() -> None:
    speaker = Loudspeaker()
    speaker.put(b"\x01\x00" * 4)
    speaker.put(b"\x02\x00" * 4)
    assert speaker.read(12) == b"\x01\x00" * 4 + b"\x02\x00" * 2
    assert speaker.read(8) == b"\x02\x00" * 2 + bytes(4)
    speaker.put(b"\x03\x00" * 4)
    speaker.drop()
    assert (speaker.read(8), speaker.level) == (bytes(8), 0.0)


def test_a_loudspeaker_at_another_rate_plays_as_long() -> None:
    speaker = Loudspeaker(48_000)
    for _ in range(50):
        speaker.put(buzz(20))
    played = speaker.read(2 * 48_000)
    assert level(played[:80_000]) > 0.2
    assert len(played) == 2 * 48_000


def test_both_meters_stand_on_one_line() -> None:
    assert both(Text("--"), Text("==")).plain == "\nYou   --   Aura  =="
