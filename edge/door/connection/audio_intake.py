"""Takes a caller's audio into a session: converted or decoded, in pieces, within its budget."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Protocol, TypeVar

from edge.call.clock import now_ms
from edge.core.messages.client_commands import Audio, ClientCommand
from edge.core.messages.client_events import ClientEvent, Trouble
from edge.door.connection.audio_state import AUDIO_MOVES, ENDED, HEARS, SKIPS, AudioMove
from edge.door.limits.allowance import OverBudgetError
from edge.door.limits.common_bounds import DECODER_BYTES
from edge.door.limits.costs import CHECK_FRAMES, CHECK_SOUND_S
from edge.door.limits.pace import Pace
from edge.protocols.client_protocol import ClientProtocol
from runtime.audio.containers import Container
from runtime.audio.conversion import AudioIn
from runtime.audio.wav import NotAudioError
from runtime.common_share import ShareAccount
from runtime.moves import moved
from schemas.audio import BYTES_PER_S

T = TypeVar("T")
DIRECT_S = 0.25
"""The most audio, seconds, that is processed before other tasks run."""
NO_MORE_S = 2.5
"""The longest stall of a network, seconds; after it, no more audio is expected."""
DECODED_PIECES = 2
"""The most decoded pieces, of 2 s at most, that wait; then the decoder waits."""
DROPPED_WORK_S = 0.01
"""The work, seconds, for which a message counts that finds no memory: it slows the sender."""
SESSION_END_POLL_S = 0.2
"""The interval, seconds, at which a waiting decoder checks whether the session has ended."""
LONGEST_LIVE_S = 2.0
"""A live client's longest message; a longer one is taken in pieces of this length."""
CHECK_SOUND_BYTES = int(CHECK_SOUND_S * BYTES_PER_S)
"""Sound after which short messages are checked."""


class Hearer(Protocol):
    """What hears the caller: the session shell."""

    def take_audio(self, pcm: bytes) -> None:
        """Take a little audio: s16le mono 16 kHz."""

    def take_audio_stepwise(self, pcm: bytes) -> Iterator[None]:
        """Take audio of any length; yield after each part of the work."""


class IntakeConnection(Protocol):
    """The connection that the audio comes over."""

    def tell(self, event: ClientEvent) -> None:
        """Send *event* to the client."""

    def cut_off(self, why: str) -> None:
        """Read no more, and close the connection, which is over its budget."""

    def fail(self, error: Exception) -> None:
        """Close the connection after an unexpected exception, and log it."""


class AudioIntake:
    """Converts the audio of one session and hands it to the session shell."""

    def __init__(
        self,
        shell: Hearer,
        protocol: ClientProtocol,
        pace: Pace,
        connection: IntakeConnection,
        obey_now: Callable[[ClientCommand], None],
        decoder_memory: ShareAccount,
    ) -> None:
        """Give the audio of *protocol* to *shell*, and its other commands to *obey_now*.

        *connection* is told of errors. *decoder_memory* counts compressed audio and decoders.
        """
        self._protocol = protocol
        self._obey_now = obey_now
        self._recheck: asyncio.TimerHandle | None = None
        self._decoder_memory = decoder_memory
        self._decoded = threading.BoundedSemaphore(DECODED_PIECES)
        self._shell = shell
        self._pace = pace
        self._budget = pace.budget
        self._clock, self._work_clock = pace.clock, pace.work_clock
        self._connection = connection
        self._state = HEARS
        self._messages = self._sound_bytes = 0
        """Short messages, and bytes of sound, that are not yet counted in the budget."""
        self._loop, self._loop_thread = asyncio.get_running_loop(), threading.get_ident()
        self._audio_in = AudioIn(self._on_loop(self._pass_to_shell), self._on_loop(self._not_audio))

    def _on_loop(self, do: Callable[[T], None]) -> Callable[[T], None]:
        """Return a function for the decoder's thread that calls *do* in the event loop."""

        def call_soon(what: T) -> None:
            counted = threading.get_ident() != self._loop_thread
            while counted and not self._decoded.acquire(timeout=SESSION_END_POLL_S):
                if self._state is ENDED:
                    return
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._come_back, do, what, counted)

        return call_soon

    def take_if_audio(self, message: str | bytes) -> bool:
        """Take a short message if it is audio; return whether it is.

        The frame and its sound are counted, which also bounds its work; only files are timed.
        """
        if self._state is ENDED:
            return False
        if not self._take_sound(self._protocol.sound, message, now_ms()):
            return False  # the reader counts its frame
        self._messages += 1
        return True

    def await_more(self) -> None:
        """Take the audio that the protocol keeps back, unless more comes within NO_MORE_S."""
        if self._protocol.keeps_back:
            loop = asyncio.get_running_loop()
            self._recheck = loop.call_later(NO_MORE_S, self._take_kept)

    def keep_no_longer(self) -> None:
        """Stop waiting for more audio: it has come, or the session is over."""
        if self._recheck:
            self._recheck.cancel()
            self._recheck = None

    def _take_kept(self) -> None:
        self._take_sound(self._protocol.no_more)

    def _take_sound(
        self, read: Callable[..., list[ClientCommand] | None], *message: object
    ) -> bool:
        """Take the commands that *read* finds in *message*; return False if it is no audio."""
        try:
            commands = read(*message)
            if commands is None:
                return False
            for command in commands:
                if not isinstance(command, Audio):
                    self._obey_now(command)
                elif command.begins or isinstance(command.form, Container):
                    began_s = self._work_clock()
                    self.take_now(command)
                    self._budget.spend_work(self._work_clock() - began_s)
                else:
                    self.take_now(command)
            self.keep_no_longer()
            self.await_more()
            if self._sound_bytes >= CHECK_SOUND_BYTES or self._messages >= CHECK_FRAMES:
                self._tell_budget()
                if not self._budget.clear_if_live(self._clock()):
                    self._pace.check()
        except OverBudgetError as error:
            self._connection.cut_off(str(error))
        except Exception as error:  # noqa: BLE001  # `fail` logs it
            self._connection.fail(error)
        return True

    def take_now(self, audio: Audio) -> None:
        """Take a short piece of audio at once."""
        if self._state is ENDED:
            return
        if isinstance(audio.form, Container) and not self._accepts(audio):
            self._budget.spend_work(DROPPED_WORK_S)
            return
        try:
            pcm = self._audio_in.feed(audio.data, audio.form, begins=audio.begins)
        except NotAudioError as error:
            self._not_audio(f"expected {error}")
            return
        self._pass_to_shell(pcm)

    async def take(self, audio: Audio) -> None:
        """Take audio of any length, and yield to the event loop meanwhile.

        Raises:
            OverBudgetError: it is more audio than may come at once.
        """
        form = audio.form
        if self._audio_in.makes_resampler(form, audio.data):
            await self._pace.wait_in_queue()
        if isinstance(form, Container) or len(audio.data) <= form.bytes_per_second * DIRECT_S:
            began_s = self._work_clock()
            self.take_now(audio)
            self._tell_budget()
            self._pace.worked(began_s)
            return
        self._budget.spend_sound(len(audio.data) / form.bytes_per_second)
        await self._pace.admit(long=True)
        begins = audio.begins
        for data in _pieces(audio.data, int(LONGEST_LIVE_S * form.rate_hz) * form.frame_bytes):
            pcm = bytearray()
            for part in _pieces(data, int(DIRECT_S * form.rate_hz) * form.frame_bytes):
                began_s = self._work_clock()
                pcm += self._audio_in.feed(part, form, begins=begins)
                begins = False
                self._pace.worked(began_s)
                await self._pace.breathe()
            if self._state is ENDED:
                return
            began_s = self._work_clock()
            for _ in self._shell.take_audio_stepwise(bytes(pcm)):
                self._pace.worked(began_s)
                await self._pace.breathe()
                began_s = self._work_clock()
            self._pace.worked(began_s)
            await self._pace.admit()

    def close(self) -> None:
        """Stop decoding: the session has ended."""
        self._move(AudioMove.END)
        self.keep_no_longer()
        self._audio_in.close()
        self._audio_in = AudioIn()  # the old one refers to this object
        self._decoder_memory.leave()

    def _move(self, move: AudioMove) -> None:
        self._state = moved(AUDIO_MOVES, self._state, move)

    def _accepts(self, audio: Audio) -> bool:
        """Return whether a piece of a compressed file is decoded."""
        if self._state is SKIPS and not audio.begins:
            return False
        accepts = self._has_memory(len(audio.data))
        if accepts and self._state is SKIPS:
            self._move(AudioMove.ACCEPT_FILE)
        elif not accepts and self._state is HEARS:
            self._move(AudioMove.REFUSE_FILE)
        return accepts

    def _has_memory(self, size: int) -> bool:
        """Return whether *size* more bytes may wait to be decoded; if not, drop all."""
        waits = self._audio_in.waiting_bytes + size + DECODER_BYTES
        more = waits - self._decoder_memory.amount
        if more <= 0:
            self._decoder_memory.give_back(-more)
        elif self._decoder_memory.fits(more):
            self._decoder_memory.take(more)
        else:
            if self._decoder_memory.amount:
                self._audio_in.close()
                self._decoder_memory.give_back(self._decoder_memory.amount)
            self._not_audio("PCM or WAV: too much compressed audio waits to be decoded")
            return False
        return True

    def _pass_to_shell(self, pcm: bytes) -> None:
        if pcm and self._state is not ENDED:
            self._shell.take_audio(pcm)
        self._sound_bytes += len(pcm)

    def _tell_budget(self) -> None:
        """Count the short messages and the sound since the last time."""
        self._budget.spend_frames(self._messages)
        self._budget.spend_sound(self._sound_bytes / BYTES_PER_S)
        self._messages = self._sound_bytes = 0

    def _not_audio(self, why: str) -> None:
        if self._state is not ENDED:
            self._connection.tell(Trouble("audio", why))

    def _come_back(self, do: Callable[[T], None], what: T, counted: bool) -> None:
        """Have a decoder thread's result processed when the connection is next."""
        self._pace.later(0, lambda: self._take_decoded(do, what, counted))

    def _take_decoded(self, do: Callable[[T], None], what: T, counted: bool) -> None:
        began_s = self._work_clock()
        try:
            do(what)
        except Exception as error:  # noqa: BLE001  # `fail` logs it
            self._connection.fail(error)
        finally:
            if counted:
                self._decoded.release()
        self._tell_budget()
        self._pace.worked(began_s)


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]
