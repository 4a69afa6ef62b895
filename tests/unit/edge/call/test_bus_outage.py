"""What a call does while its bus is away."""

from edge.call.bus_outage import KEEPS_AUDIO_MS, BusOutage


class Away:
    """An absence with a clock that is set by hand."""

    def __init__(self) -> None:
        self.now_ms = 100_000
        self.absence = BusOutage(lambda: self.now_ms)
        self.told: list[bool] = []
        self.absence.changed.append(self.told.append)


def test_the_caller_is_told_once_however_many_parts_are_away() -> None:
    away = Away()
    away.absence.note("link", away=True)
    away.absence.note("log", away=True)
    away.absence.note("log", away=True)
    away.absence.note("link", away=False)
    assert away.told == [True]
    away.absence.note("log", away=False)
    assert away.told == [True, False]
    away.absence.note("link", away=True)
    assert away.told == [True, False, True]


def test_a_log_that_is_gone_makes_deaf_though_servers_answer() -> None:
    away = Away()
    away.absence.note("log", away=True)
    assert not away.absence.drops_audio
    away.now_ms += KEEPS_AUDIO_MS + 1
    assert away.absence.drops_audio
    away.absence.note("link", away=True)
    away.absence.note("link", away=False)
    assert away.absence.drops_audio
    away.absence.note("log", away=False)
    assert not away.absence.drops_audio


def test_nothing_that_was_away_is_nothing_that_came_back() -> None:
    away = Away()
    away.absence.note("log", away=False)
    assert away.told == []
