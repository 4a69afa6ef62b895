"""Sends the caller's audio to STT, without acknowledgements."""

import asyncio
import math
from collections import Counter, deque
from collections.abc import Awaitable, Callable

from edge.call import counters
from edge.call.session_bus import SessionBus
from edge.core.messages.effects import SendAudio
from runtime.common_share import CommonShare, ShareAccount
from schemas import subjects
from schemas.audio import BYTES_PER_S

MOST_KEPT_MESSAGES = 900
"""The most waiting and kept messages, a minute and a half; older ones are not needed."""
KEPT_AUDIO_STEP_BYTES = BYTES_PER_S
"""Room for kept audio is taken a second at a time."""
RESENT_AT_ONCE = 8
"""The most messages without a wait: if STT is silent, all calls send theirs again at once."""


async def next_round() -> None:
    """Let others run once."""
    await asyncio.sleep(0)


class AudioSender:
    """Sends audio messages in order, and keeps the latest until their words have come."""

    def __init__(
        self,
        bus: SessionBus,
        session: str,
        awaits: Callable[[int], bool],
        memory: ShareAccount | None = None,
        wait_to_resend: Callable[[], Awaitable[None]] = next_round,
    ) -> None:
        """Keep no more than *memory* has room for; None: MOST_KEPT_MESSAGES.

        *awaits* returns whether the words of an ended utterance are awaited. *wait_to_resend* waits
        until RESENT_AT_ONCE messages may be sent again.
        """
        self._bus = bus
        self._session = session
        self._waiting: asyncio.Queue[SendAudio | None] = asyncio.Queue(MOST_KEPT_MESSAGES)
        """The waiting messages; the oldest is dropped without room."""
        self._spoken: deque[SendAudio] = deque()
        """The kept messages."""
        self._awaits = awaits
        self._wait_to_resend = wait_to_resend
        self._memory = memory or CommonShare(math.inf).account("")
        """The room for kept audio, bytes."""
        self._spoken_bytes = 0
        self._utterance: int | None = None
        """The latest utterance, until its last message was sent."""
        self._passes = Counter[int]()
        """The calls of `resend` for each kept utterance, since its end or `reset_resends`."""

    def put(self, audio: SendAudio | None) -> None:
        """Queue *audio*; None: let `run` end when all messages are sent."""
        if self._waiting.full() and (oldest := self._waiting.get_nowait()):
            counters.dropped("bus", len(oldest.message.pcm))
        self._waiting.put_nowait(audio)

    async def run(self) -> None:
        """Send until None comes; messages are then kept until `forget`."""
        while (audio := await self._waiting.get()) is not None:
            if audio.utterance != self._utterance:
                self._utterance = audio.utterance
                self.forget_known()
            self._keep(audio)
            if audio.message.final_pause:  # this end is not urgent
                await self._bus.yield_to_jobs()
            if not await self._send(audio):
                counters.dropped("bus", len(audio.message.pcm))
            if audio.message.end:
                self._utterance = None
                del self._passes[audio.utterance]
                self.forget_known()

    def is_kept(self, utterance: int) -> bool:
        """Return whether the audio of *utterance* may be needed again."""
        return utterance == self._utterance or self._awaits(utterance)

    def _keep(self, audio: SendAudio) -> None:
        """Keep *audio*, and as many before it as there is room for."""
        size_bytes = len(audio.message.pcm)
        while len(self._spoken) >= MOST_KEPT_MESSAGES or not self._has_room(size_bytes):
            if not self._spoken:
                return
            self._spoken_bytes -= len(self._spoken.popleft().message.pcm)
        self._spoken.append(audio)
        self._spoken_bytes += size_bytes

    def _has_room(self, size_bytes: int) -> bool:
        """Tell whether *size_bytes* more may be kept."""
        more = self._spoken_bytes + size_bytes - self._memory.amount
        if more <= 0:
            return True
        for step in (max(more, KEPT_AUDIO_STEP_BYTES), more):
            if self._memory.fits(step):
                self._memory.take(step)
                return True
        return False

    def forget_known(self) -> None:
        """Drop the kept messages of the utterances that have ended and whose words have come."""
        self._spoken = deque(audio for audio in self._spoken if self.is_kept(audio.utterance))
        self._spoken_bytes = sum(len(audio.message.pcm) for audio in self._spoken)
        if not self._spoken:
            self._memory.give_all_back()

    def forget(self) -> None:
        """Drop all kept messages."""
        self._spoken.clear()
        self._utterance = None
        self.forget_known()

    def reset_resends(self) -> None:
        """Note that messages may have been lost: the next `resend` sends all that are kept."""
        self._passes.clear()

    async def resend(self) -> None:
        """Send the kept messages of the due utterances again; duplicates have no effect.

        An utterance is due at the first call, the second, the fourth, the eighth and so on: if STT
        is late, more audio makes it later. Nothing is sent while the bus is away.
        """
        kept = {audio.utterance for audio in self._spoken}
        self._passes = Counter({utterance: self._passes[utterance] + 1 for utterance in kept})
        due = {utterance for utterance in kept if self._passes[utterance].bit_count() == 1}
        again = [audio for audio in self._spoken if audio.utterance in due]
        for at, audio in enumerate(again):
            if not self.is_kept(audio.utterance):  # its words have come meanwhile
                continue
            if at % RESENT_AT_ONCE == 0:
                await self._wait_to_resend()
            if not await self._send(audio):
                return

    async def _send(self, audio: SendAudio) -> bool:
        """Send a message; return False if the bus is away."""
        subject = subjects.utterance(self._session, audio.utterance)
        return await self._bus.send(subject, audio.message)
