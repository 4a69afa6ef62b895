"""`aura replay`: prints or publishes the events of a session again, at their own pace."""

import asyncio
import time
from collections.abc import AsyncIterator

from rich.console import Console

from aura.cli.running import CommandError
from aura.cli.session.session_choice import chosen
from aura.cli.show import read
from aura.cli.tap import say
from runtime.bus.connection import connect
from runtime.bus.reader import Stored
from runtime.sessions import relabel
from runtime.settings import Settings
from schemas import events as ev


async def replay(
    settings: Settings, session: str, speed: float, from_turn: int, *, publish: bool, as_json: bool
) -> int:
    """Print the events of *session*, or publish them as a new session."""
    if speed <= 0:
        raise CommandError("--speed must be above 0; 10 is ten times as fast")
    async with await connect(settings, "aura-replay") as bus:
        session = await chosen(bus, session)
        stored = since_turn(await read(bus, session), from_turn)
        if not publish:
            console = Console()
            async for message, _ in paced(stored, speed, cut=from_turn > 0):
                say(console, message.subject, message.data, as_json=as_json)
            return 0
        name = relabel.new_session()
        print(f"Session {session} is replayed as {name} (`aura tap --session {name}`).")
        async for message, later_ms in paced(stored, speed, cut=from_turn > 0):
            made = relabel.renamed(message, name, later_ms=later_ms)
            if made:
                await bus.store(*made)
    return 0


def since_turn(stored: list[Stored], turn: int) -> list[Stored]:
    """Return the first event of the session, and the events of *turn* and later turns.

    Raises:
        CommandError: the session has no such turn.
    """
    if turn <= 0:
        return stored
    spoken: dict[int, int] = {}
    """The places of the first events of utterances; a typed turn has none."""
    for index, message in enumerate(stored):
        event = message.readable()
        if isinstance(event, ev.SpeechStarted):
            spoken[event.utterance] = index
        if isinstance(event, ev.TurnTaken) and event.turn >= turn:
            return stored[:1] + stored[spoken.get(event.utterance, index) :]
    raise CommandError(f"the session has no turn {turn}")


async def paced(
    stored: list[Stored], speed: float, *, cut: bool
) -> AsyncIterator[tuple[Stored, int]]:
    """Yield each event when it is due, with its delay in ms after its recorded time.

    *cut*: the pause between the first event and the second is skipped.
    """
    loop = asyncio.get_running_loop()
    timed = [(event.at_ms, message) for message in stored if (event := message.readable())]
    timed.sort(key=lambda pair: pair[0])
    if not timed:
        return
    first_ms = timed[1 if cut and len(timed) > 1 else 0][0]
    begin_s, now_ms = loop.time(), int(time.time() * 1000)
    for at_ms, message in timed:
        due_s = begin_s + max(0, at_ms - first_ms) / 1000 / speed
        if (wait_s := due_s - loop.time()) > 0:
            await asyncio.sleep(wait_s)
        yield message, now_ms + round((due_s - begin_s) * 1000) - at_ms
