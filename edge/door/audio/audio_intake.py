"""Takes a caller's audio into a session: converted or decoded, in pieces, within its budget."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Protocol, TypeVar

from edge.call.client import Client
from edge.call.clock import now_ms
from edge.call.session_shell import SessionShell
from edge.core.messages.client_commands import Audio, ClientCommand
from edge.core.messages.client_events import Trouble
from edge.door.audio.file_admission import DECODE, ENDED, REFUSE, FileAdmission
from edge.door.limits.allowance import OverBudgetError
from edge.door.limits.costs import CHECK_AUDIO_S, CHECK_FRAMES
from edge.door.limits.pace import Pace
from edge.protocols.client_protocol import ClientProtocol, Json
from runtime.audio.containers import Container
from runtime.audio.conversion import AudioIn
from runtime.audio.wav import NotAudioError
from runtime.common_share import ShareAccount
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
CHECK_AUDIO_BYTES = int(CHECK_AUDIO_S * BYTES_PER_S)
"""The audio of a live caller after which its budget is checked."""
LONGEST_LIVE_S = 2.0
"""A live client's longest message; a longer one is taken in pieces of this length."""


class ClientConnection(Client, Protocol):
    """A client's connection, as its parts see it."""

    @property
    def intake(self) -> AudioIntake | None:
        """Return the intake of the running session's audio, or None if there is none."""

    async def obey(self, commands: list[ClientCommand]) -> None:
        """Carry out *commands* of the client in their order."""

    def obey_now(self, command: ClientCommand) -> None:
        """Carry out a command that takes no time."""

    def reply(self, message: Json) -> None:
        """Send *message* to the client."""

    def cut_off(self, why: str) -> None:
        """Read no more, and close the connection, which is over its budget."""

    def over_budget(self, why: str) -> None:
        """Close the connection, which is over its budget and is not read any more."""

    def fail(self, error: Exception) -> None:
        """Close the connection after an unexpected exception, and log it."""


class AudioIntake:
    """Converts the audio of one session and hands it to the session shell."""

    def __init__(
        self,
        shell: SessionShell,
        protocol: ClientProtocol,
        pace: Pace,
        connection: ClientConnection,
        decoder_memory: ShareAccount,
    ) -> None:
        """Give the audio of *protocol* to *shell*, and its other commands to *connection*.

        *decoder_memory* counts compressed audio and decoders.
        """
        self._protocol = protocol
        self._recheck: asyncio.TimerHandle | None = None
        self._decoded = threading.BoundedSemaphore(DECODED_PIECES)
        self._shell = shell
        self._pace = pace
        self._budget, self._work_clock = pace.budget, pace.work_clock
        self._connection = connection
        self._files = FileAdmission(decoder_memory)
        self._messages = self._audio_bytes = 0
        """Short messages, and bytes of audio, that the budget does not count yet."""
        self._loop, self._loop_thread = asyncio.get_running_loop(), threading.get_ident()
        self._audio_in = AudioIn(self._on_loop(self._pass_to_shell), self._on_loop(self._not_audio))

    def take_if_audio(self, message: str | bytes) -> bool:
        """Take a short message if it is audio; return whether it is.

        The frame and its audio are counted, which also bounds its work; only files are timed.
        """
        if self._files.state is ENDED:
            return False
        try:
            commands = self._protocol.receive_audio(message, now_ms())
            if commands is None:
                return False  # the reader counts its frame
            self._take_short(commands, messages=1)
        except Exception as error:  # noqa: BLE001  # `_end_by` logs it
            self._end_by(error)
        return True

    def _take_short(self, commands: list[ClientCommand], messages: int) -> None:
        """Take the *commands* in so many short *messages*.

        Raises:
            OverBudgetError: the connection costs too much.
        """
        for command in commands:
            if not isinstance(command, Audio):
                self._connection.obey_now(command)
            elif command.begins or isinstance(command.form, Container):
                began_s = self._work_clock()
                self.take_now(command)
                self._budget.spend_work(self._work_clock() - began_s)
            else:
                self.take_now(command)
        self.keep_no_longer()
        self.await_more()
        self._messages += messages  # plain numbers: a call for each frame would cost more
        if self._audio_bytes >= CHECK_AUDIO_BYTES or self._messages >= CHECK_FRAMES:
            self._charge_audio()
            self._pace.check()

    def take_now(self, audio: Audio) -> None:
        """Take a short piece of audio at once."""
        if self._files.state is ENDED or (
            isinstance(audio.form, Container) and not self._admits(audio)
        ):
            return
        try:
            pcm = self._audio_in.feed(audio.data, audio.form, begins=audio.begins)
        except NotAudioError as error:
            self._not_audio(f"expected {error}")
            return
        self._pass_to_shell(pcm)

    def _pass_to_shell(self, pcm: bytes) -> None:
        if pcm and self._files.state is not ENDED:
            self._shell.take_audio(pcm)
        self._audio_bytes += len(pcm)

    def _charge_audio(self) -> None:
        self._budget.spend_frames(self._messages)
        self._budget.spend_audio(self._audio_bytes / BYTES_PER_S)
        self._messages = self._audio_bytes = 0

    # -------------------------------------------------------- audio that the protocol keeps back

    def await_more(self) -> None:
        """Take the audio that the protocol keeps back, unless more comes within NO_MORE_S."""
        if self._protocol.keeps_back and self._files.state is not ENDED:
            loop = asyncio.get_running_loop()
            self._recheck = loop.call_later(NO_MORE_S, self._take_kept)

    def keep_no_longer(self) -> None:
        """Stop waiting for more audio: it has come, or the session is over."""
        if self._recheck:
            self._recheck.cancel()
            self._recheck = None

    def _take_kept(self) -> None:
        try:
            self._take_short(self._protocol.flush_audio(), messages=0)
        except Exception as error:  # noqa: BLE001  # `_end_by` logs it
            self._end_by(error)

    # -------------------------------------------------------- audio of any length

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
            self._charge_audio()
            self._pace.worked(began_s)
            return
        self._budget.spend_audio(len(audio.data) / form.bytes_per_second)
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
            if self._files.state is ENDED:
                return
            began_s = self._work_clock()
            for _ in self._shell.take_audio_stepwise(bytes(pcm)):
                self._pace.worked(began_s)
                await self._pace.breathe()
                began_s = self._work_clock()
            self._pace.worked(began_s)
            await self._pace.admit()

    # -------------------------------------------------------- files, decoded in a thread

    def _admits(self, audio: Audio) -> bool:
        """Admit a piece of a compressed file; False: it is dropped, which counts as work."""
        waiting_bytes = self._audio_in.waiting_bytes
        verdict = self._files.admit(len(audio.data), waiting_bytes, begins=audio.begins)
        if verdict is DECODE:
            return True
        if verdict is REFUSE:
            self._audio_in.close()
            self._not_audio("PCM or WAV: too much compressed audio waits to be decoded")
        self._budget.spend_work(DROPPED_WORK_S)
        return False

    def _on_loop(self, do: Callable[[T], None]) -> Callable[[T], None]:
        """Return a function for the decoder's thread: it calls *do* when the connection is next."""

        def call_soon(what: T) -> None:
            counted = threading.get_ident() != self._loop_thread
            while counted and not self._decoded.acquire(timeout=SESSION_END_POLL_S):
                if self._files.state is ENDED:
                    return
            with suppress(RuntimeError):  # the loop has ended
                piece = partial(self._take_decoded, do, what, counted)
                self._loop.call_soon_threadsafe(self._pace.later, 0, piece)

        return call_soon

    def _take_decoded(self, do: Callable[[T], None], what: T, counted: bool) -> None:
        began_s = self._work_clock()
        try:
            do(what)
            self._charge_audio()  # checked by what comes next
        except Exception as error:  # noqa: BLE001  # `_end_by` logs it
            self._end_by(error)
        finally:
            if counted:
                self._decoded.release()
        self._pace.worked(began_s)

    def _not_audio(self, why: str) -> None:
        if self._files.state is not ENDED:
            self._connection.tell(Trouble("audio", why))

    def _end_by(self, error: Exception) -> None:
        """End the connection, which is over its budget or has met an unexpected exception."""
        if isinstance(error, OverBudgetError):
            self._connection.cut_off(str(error))
        else:
            self._connection.fail(error)

    def close(self) -> None:
        """Stop decoding: the session has ended."""
        self._files.end()
        self.keep_no_longer()
        self._audio_in.close()
        self._audio_in = AudioIn()  # the old one refers to this object


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]
