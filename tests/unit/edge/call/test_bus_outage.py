"""What a call does while its bus is away."""

from edge.call.bus_outage import DEAF_S, BusOutage


class Away:
    """An absence with a clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.absence = BusOutage(lambda: self.now_s)


def test_the_caller_is_told_once_however_many_parts_are_away() -> None:
    away = Away()
    assert away.absence.note_away("link")
    assert not away.absence.note_away("log")
    assert not away.absence.note_away("log")
    assert not away.absence.note_back("link")
    assert away.absence.note_back("log")
    assert away.absence.note_away("link")


def test_a_log_that_is_gone_makes_deaf_though_servers_answer() -> None:
    away = Away()
    away.absence.note_away("log")
    assert not away.absence.deaf
    away.now_s += DEAF_S + 0.1
    assert away.absence.deaf
    away.absence.note_away("link")
    away.absence.note_back("link")
    assert away.absence.deaf
    assert away.absence.note_back("log")
    assert not away.absence.deaf


def test_nothing_that_was_away_is_nothing_that_came_back() -> None:
    assert not Away().absence.note_back("log")
