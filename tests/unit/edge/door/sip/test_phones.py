"""Telephone calls that come in: how many begin, however many ring."""

from typing import Any

import pytest
from nats.aio.client import Client

from runtime.bus.connection import Bus
from tests.edge_in_process import an_edge

pytest.importorskip("baresip", reason="NOT TESTED HERE: the extra `sip` is not installed")
from baresip import BaresipError  # it may be missing

from edge.door.sip.phones import ADDRESS, CALLS_PER_MINUTE, Phones  # the same

LINES = 2


class Ringing:
    """A call of the stack whose caller has left before it is answered."""

    handle = 1

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.did = ""

    async def answer(self) -> None:
        self.did = "answered"
        raise BaresipError("left")

    async def reject(self) -> None:
        self.did = "rejected"

    async def hangup(self) -> None: ...

    def on_dtmf(self, _: object) -> None: ...

    def on(self, _: object) -> None: ...


@pytest.mark.parametrize("to", ["+14155550100", "*31#", "sip:desk@example.com", "SIPS:a@b"])
def test_a_number_or_an_address_is_called_and_nothing_with_a_line_break(to: str) -> None:
    assert ADDRESS.fullmatch(to)
    assert not ADDRESS.fullmatch(f"{to}\n")


async def test_calls_have_a_rate_that_their_number_of_lines_gives() -> None:
    calls: list[Any] = [Ringing() for _ in range(100)]
    async with an_edge(Bus(Client()), sip_max_calls=LINES) as edge:
        phones = Phones(edge)
        for call in calls:
            phones.take(call)
    begun = int(CALLS_PER_MINUTE * LINES)
    assert {call.did for call in calls[:begun]} == {"answered"}
    assert [call.did for call in calls[begun:]].count("rejected") >= len(calls) - begun - 2
