"""Reads a client's messages: the protocol turns them into commands, within a budget."""

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from edge.call.clock import now_ms
from edge.core.messages.client_commands import Audio, ClientCommand
from edge.core.messages.client_events import ClientEvent, Notice
from edge.door.connection.audio_intake import AudioIntake
from edge.door.limits.allowance import OverBudgetError
from edge.door.transport import Transport
from edge.protocols.client_protocol import ClientProtocol
from runtime.buckets import Bucket

MOST_INLINE_BYTES = 256 * 1024
"""A longer message is parsed by a thread and not by the event loop; a text has at least as many
bytes as characters, which are counted."""
TOO_OFTEN = Notice(
    "RATE_LIMITED",
    "Too many control messages",
    "the limit is settable: AURA_CONTROL_MESSAGES_PER_SECOND",
)


class Sessions(Protocol):
    """The sessions of the connection."""

    @property
    def intake(self) -> AudioIntake | None:
        """Return the intake of the running session's audio, or None if there is none."""

    def obey_now(self, command: ClientCommand) -> None:
        """Carry out a command that takes no time."""


class ReaderConnection(Protocol):
    """The connection whose client is read."""

    def tell(self, event: ClientEvent) -> None:
        """Send *event* to the client."""

    def over_budget(self, why: str) -> None:
        """Close the connection, which is over its budget and is not read any more."""

    def fail(self, error: Exception) -> None:
        """Close the connection after an unexpected exception, and log it."""


class ClientReader:
    """Reads messages one after the other; short audio goes directly to the `AudioIntake`."""

    def __init__(  # a connection has them all, and makes one reader
        self,
        ws: Transport,
        protocol: ClientProtocol,
        commands: Bucket,
        sessions: Sessions,
        connection: ReaderConnection,
        *,
        obey: Callable[[list[ClientCommand]], Awaitable[None]],
    ) -> None:
        """Have *obey* carry out commands; short audio goes to the intake of *sessions*.

        *commands* is their rate, for protocols with a limit. *connection* is told of errors.
        """
        self._ws = ws
        self._pace = ws.pace
        self._protocol = protocol
        self._commands = commands
        self._sessions = sessions
        self._connection = connection
        self._obey = obey
        self._direct: AudioIntake | None = None
        """Takes short audio at once; None: another message is obeyed first."""

    async def run(self) -> None:
        """Read until the client leaves, is over its budget, or an exception ends it."""
        self._ws.deliver_to(self)
        try:
            await self._obey(self._protocol.opened())
            self._direct = self._sessions.intake
            async for message in self._ws.messages():
                self._direct = None  # later messages wait
                await self._obey_message(message)
                del message  # frees the memory of a long one at once
                self._direct = self._sessions.intake
        except OverBudgetError as error:
            self._ws.cut_off(str(error))
        except ConnectionError:  # the client left before its ping was answered
            pass
        except Exception as error:  # noqa: BLE001  # `fail` logs it
            self._connection.fail(error)
        finally:
            self._direct = None

    def take_at_once(self, message: str | bytes) -> bool:
        """Take a short message if it is audio and nothing is before it; return whether it was."""
        return self._direct is not None and self._direct.take_if_audio(message)

    def obey_now(self, command: ClientCommand) -> None:
        """Carry out a command of the transport."""
        self._sessions.obey_now(command)

    def over_budget(self, why: str) -> None:
        """Close the connection."""
        self._connection.over_budget(why)

    async def _obey_message(self, message: str | bytes) -> None:
        """Obey a message, and wait until the next one may be read.

        Raises:
            OverBudgetError: the connection is over its budget.
        """
        intake = self._sessions.intake if isinstance(message, bytes) else None
        if intake:
            intake.keep_no_longer()
        if len(message) > MOST_INLINE_BYTES:
            receive = partial(self._protocol.receive, message, now_ms())
            commands = await self._pace.off_loop(receive)
        else:
            began_s = self._pace.work_clock()
            commands = self._protocol.receive(message, now_ms())
            self._pace.worked(began_s)
        if self._too_often(commands):
            self._connection.tell(TOO_OFTEN)
        else:
            await self._obey(commands)
        if intake:
            intake.await_more()
        await self._pace.admit()

    def _too_often(self, commands: list[ClientCommand]) -> bool:
        """Tell whether the client gives more commands a second than it may; audio is none."""
        limited = self._protocol.admission.limits_commands
        if not limited or all(isinstance(command, Audio) for command in commands):
            return False
        return self._commands.refuse_s(time.monotonic()) > 0
