"""When a process that died is started again."""

from __future__ import annotations

from deploy.restarts import CONFIG_EXIT, FIRST_S, LONGEST_S, OTHERS_S, Restarts, how, is_hopeless


def test_the_pause_doubles_up_to_a_limit() -> None:
    record = Restarts()
    pauses = [record.after(0.0) for _ in range(9)]
    assert pauses[:4] == [0.2, 0.4, 0.8, 1.6]
    assert pauses[-1] == LONGEST_S


def test_a_long_life_clears_the_record() -> None:
    record = Restarts()
    for _ in range(5):
        record.after(0.1)
    assert record.after(LONGEST_S) == FIRST_S
    assert record.after(0.0) == 2 * FIRST_S


def test_the_life_is_a_part_of_the_time_between_two_starts() -> None:
    record = Restarts(failures=20)
    assert record.after(3.0) == LONGEST_S - 3.0
    assert record.after(LONGEST_S - FIRST_S / 2) == FIRST_S


def test_kills_every_few_seconds_keep_callers_waiting_no_longer_than_the_rest() -> None:
    record = Restarts()
    assert max(record.after(2.5) for _ in range(50)) == LONGEST_S - 2.5


def test_the_end_is_said_in_words() -> None:
    assert how(-9) == "killed by SIGKILL"
    assert how(3) == "exit code 3"
    assert how(-250) == "killed by signal 250"
    assert is_hopeless(CONFIG_EXIT)
    assert not is_hopeless(1)


def test_a_worker_that_others_stand_in_for_leaves_them_the_cpu_first() -> None:
    assert Restarts().after(100, others=True) == OTHERS_S > Restarts().after(100)
    assert Restarts(failures=20).after(0, others=True) == LONGEST_S
