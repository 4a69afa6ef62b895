"""A session shell gives its call inputs in order and carries each effect to where it belongs."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import msgpack

from edge.call.event_writer import LogTerms
from edge.call.session_audio import SessionAudio
from edge.call.session_shell import SessionShell
from edge.core.call import Call
from edge.core.messages.client_events import CallerStarted, Happened
from edge.core.messages.effects import Effect
from edge.core.messages.inputs import AnyInput, KeyPressed, Resumed, Started, TurnEnded
from runtime.bus.reader import Stored
from runtime.common_share import CommonShare
from schemas import codec, subjects
from schemas import events as ev
from schemas import inputs as kind
from schemas.audio import AudioFrame
from schemas.session_config import SessionConfig
from schemas.webhook_config import WebhookConfig
from tests.unit.edge.call.memory_bus import MemoryBus
from tests.unit.edge.call.told_client import ToldClient
from tests.unit.edge.core.client_calls import BY_CLIENT
from tests.unit.edge.core.rehearsal import SILENCE, VOICE, began, config, sound


def words(call: Call, utterance: int) -> ev.TranscriptFinal:
    """Return the final transcript of *utterance*."""
    return ev.TranscriptFinal(
        tenant=call.began.tenant, session=call.began.session, at_ms=1, utterance=utterance,
        text="Hi.", confidence=1.0, audio_ms=1, took_ms=1.0, model="m",
    )  # fmt: skip


class Held:
    """A session whose bus and client are memory."""

    def __init__(self, call: Call | None = None, of: SessionConfig | None = None) -> None:
        self.bus, self.client = MemoryBus(), ToldClient()
        self.call = call or Call(began(of or config()))
        self.shell = SessionShell(self.bus, self.call, self.client)

    async def gives(self, *given: AnyInput) -> list[str]:
        """Hold the session for *given*, and return the tags of its events in the log's order."""
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            tasks.create_task(self.shell.run(self.call.began))
            await self.shell.listening.wait()
            for one in given:
                self.shell.give(one)
            self.shell.finish("end_call")
        return [str(event.__struct_config__.tag) for event in self.bus.stored]


async def test_all_that_was_decided_is_stored_before_a_session_is_over() -> None:
    held = Held()
    tags = await held.gives(Started())
    assert tags[0] == "session.started"
    assert tags[-1] == "session.ended"


async def test_a_voice_is_announced_to_a_worker_and_its_sound_goes_to_the_utterance() -> None:
    held = Held()
    given = (Started(), sound(VOICE * 20 + SILENCE * 10))
    assert "speech.started" in await held.gives(*given)
    assert any(isinstance(one, CallerStarted) for one in held.client.told)
    subjects = {subject for subject, _ in held.bus.sent}
    assert len(subjects) == 1
    frames = [message for _, message in held.bus.sent if isinstance(message, AudioFrame)]
    assert [frame.seq for frame in frames] == list(range(len(frames)))
    assert b"".join(frame.pcm for frame in frames).count(VOICE) == 20
    assert frames[-1].end


async def test_audio_of_a_turn_that_was_handed_in_is_kept_until_its_words_have_come() -> None:
    bus, share, call = MemoryBus(), CommonShare(1_000_000), Call(began(config(**BY_CLIENT)))
    shell = SessionShell(bus, call, ToldClient(), audio=SessionAudio(memory=share.account("a")))
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(shell.run(shell.call.began))
        await shell.listening.wait()
        for given in (Started(), sound(VOICE * 20), TurnEnded()):
            shell.give(given)
        while not (bus.sent and getattr(bus.sent[-1][1], "end", False)):
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert share.used("a")
        assert shell.recognition.outstanding == 1
        await bus.deliver(words(call, 1), 9)
        assert not share.used("a")
        assert shell.recognition.outstanding == 0
        shell.finish("end_call")


async def test_an_utterance_without_a_slot_of_the_recogniser_is_not_outstanding() -> None:
    class Full:
        async def take(self, event: ev.Event) -> bool:
            del event
            return False

        def note_stored(self, event: ev.Event) -> None: ...

        def leave(self) -> None: ...

    bus, call = MemoryBus(), Call(began(config()))
    shell = SessionShell(bus, call, ToldClient(), terms=LogTerms(jobs=Full()))
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(shell.run(shell.call.began))
        await shell.listening.wait()
        shell.give(sound(VOICE * 20))
        assert shell.recognition.outstanding == 1
        while shell.recognition.outstanding:
            await asyncio.sleep(0)
        shell.finish("end_call")


async def test_inputs_are_logged_as_they_were_given() -> None:
    held = Held()
    await held.gives(Started(), sound(SILENCE * 3), KeyPressed("1"))
    (delivered,) = [one for one in held.bus.stored if isinstance(one, ev.InputsDelivered)]
    assert delivered.frames == 3
    kinds = [row[1] for row in msgpack.unpackb(delivered.rows)]
    assert kinds == [kind.STARTED, kind.SOUND, kind.KEYS, kind.FINISHED]


async def test_a_call_that_breaks_ends_and_its_client_is_told_once() -> None:
    class Broken(Call):
        def step(self, given: AnyInput, now_ms: int) -> list[Effect]:
            del given, now_ms
            raise ZeroDivisionError

    held = Held(Broken(began(config())))
    tags = await held.gives(Started(), Started())
    assert tags == ["session.started", "inputs.delivered", "session.ended"]
    assert held.client.noted == ["failed"]
    _, delivered, ended = held.bus.stored
    assert isinstance(delivered, ev.InputsDelivered), "the input that broke it can be replayed"
    assert [row[1] for row in msgpack.unpackb(delivered.rows)] == [kind.STARTED]
    assert isinstance(ended, ev.SessionEnded)
    assert ended.reason == "failed"


async def test_effects_of_an_input_that_breaks_a_call_are_dropped_and_its_webhook_is_told() -> None:
    class Broken(Call):
        def step(self, given: AnyInput, now_ms: int) -> list[Effect]:
            if isinstance(given, KeyPressed):
                self._out.tell(Happened(self.began))
                raise ZeroDivisionError
            return super().step(given, now_ms)

    webhook = WebhookConfig(url="https://a.example", events=("call.ended",))
    held = Held(Broken(began(config(webhook=webhook))))
    tags = await held.gives(Started(), KeyPressed("1"))
    assert tags[-2:] == ["session.ended", "webhook.requested"]
    assert not any(isinstance(told, Happened) for told in held.client.told)


async def test_a_call_that_breaks_when_its_timer_rings_ends_the_same_way() -> None:
    class Late(Call):
        rings = False

        def step(self, given: AnyInput, now_ms: int) -> list[Effect]:
            effects = super().step(given, now_ms)
            self.next_ms, self.rings = now_ms, True  # at once
            return effects

        def due_ms(self, now_ms: int) -> int | None:
            if self.rings:
                raise ZeroDivisionError
            return super().due_ms(now_ms)

    held = Held(Late(began(config())))
    running = asyncio.create_task(held.shell.run(held.call.began))
    async with asyncio.timeout(20):
        await held.shell.listening.wait()
        held.shell.give(Started())
        while not held.client.noted:
            await asyncio.sleep(0)
        held.shell.give(KeyPressed("1"))
        held.shell.finish("failed")
        await running
    assert held.client.noted == ["failed"]
    assert isinstance(held.bus.stored[-1], ev.SessionEnded)


async def test_a_timer_that_rings_after_its_call_broke_does_nothing() -> None:
    class Broken(Call):
        def step(self, given: AnyInput, now_ms: int) -> list[Effect]:
            if not isinstance(given, Started):
                raise ZeroDivisionError
            effects = super().step(given, now_ms)
            self.next_ms = now_ms
            return effects

        def due_ms(self, now_ms: int) -> int | None:
            self.asked = now_ms
            return super().due_ms(now_ms)

    call = Broken(began(config()))
    held = Held(call)
    running = asyncio.create_task(held.shell.run(held.call.began))
    async with asyncio.timeout(20):
        await held.shell.listening.wait()
        held.shell.give(Started())
        held.shell.give(KeyPressed("1"))
        call.asked = 0
        for _ in range(5):
            await asyncio.sleep(0)  # the timer rings
        held.shell.finish("failed")
        await running
    assert (call.asked, held.client.noted) == (0, ["failed"])


async def test_where_a_newer_connection_has_the_session_nothing_more_is_decided() -> None:
    held = Held()
    first = held.call.began
    resumed = ev.SessionResumed(
        tenant="t", session="s", at_ms=first.at_ms + 1, edge="other", config=first.config
    )
    running = asyncio.create_task(held.shell.run(held.call.began))
    await held.shell.listening.wait()
    await held.bus.deliver(first, 10)
    await held.bus.deliver(resumed, 11)
    held.shell.give(KeyPressed("1"))
    held.shell.finish("failed")
    await running
    assert held.client.noted == ["taken over"]
    assert not any(isinstance(one, ev.SessionEnded) for one in held.bus.stored)


async def test_nothing_of_a_session_that_is_over_waits_for_the_garbage_collector() -> None:
    gc.disable()
    try:
        held = Held()
        await held.gives(Started(), sound(VOICE * 20 + SILENCE * 10))
        shell, out = weakref.ref(held.shell), weakref.ref(held.call._out)
        del held
        await asyncio.sleep(0)  # the loop drops its last handles
        assert (shell(), out()) == (None, None)
    finally:
        gc.enable()


async def test_a_resumed_connection_tells_its_own_events_once_and_no_older_ones() -> None:
    bus, client, first = MemoryBus(), ToldClient(), began(config())
    whose: dict[str, Any] = {"tenant": first.tenant, "session": first.session}
    resumed = ev.SessionResumed(
        **whose, at_ms=1, edge="e", config=first.config, version=first.version
    )
    call = Call(resumed)
    said = [words(call, number) for number in range(700)]
    events: list[ev.Event] = [*said[:5], resumed, *said[5:]]
    shell = SessionShell(bus, call, client, tells_events=True)
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(shell.run(shell.call.began))
        await shell.listening.wait()
        for seq, event in enumerate(events, 1):
            await bus.deliver(event, seq)
            subject = subjects.event(event)
            bus.log.append(Stored(subject, seq, codec.encode(event), codec.headers(event), ""))
        shell.give(Resumed())  # it reads the log
        await bus.was_read.wait()
        shell.finish("end_call")
    told = [one.event for one in client.told if isinstance(one, Happened)]
    assert [event for event in told if isinstance(event, ev.TranscriptFinal)] == said[5:]
