"""Reads a client's messages: the protocol turns them into commands, within a budget."""

from functools import partial

from edge.call.clock import now_ms
from edge.core.messages.client_commands import Audio, ClientCommand
from edge.core.messages.client_events import Notice
from edge.door.audio.audio_intake import ClientConnection
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


class ClientReader:
    """Reads messages one after the other; short audio goes directly to the `AudioIntake`."""

    def __init__(
        self,
        ws: Transport,
        protocol: ClientProtocol,
        commands: Bucket,
        connection: ClientConnection,
    ) -> None:
        """Read *ws* for *connection*; *commands* is their rate, for protocols with a limit."""
        self._ws = ws
        self._pace = ws.pace
        self._protocol = protocol
        self._commands = commands
        self._connection = connection

    async def run(self) -> None:
        """Read until the client leaves, is over its budget, or an exception ends it."""
        ws, connection = self._ws, self._connection
        ws.connection = connection
        try:
            await connection.obey(self._protocol.opened())
            ws.intake = connection.intake
            async for message in ws.messages():
                ws.intake = None  # later messages wait
                await self._obey_message(message)
                del message  # frees the memory of a long one at once
                ws.intake = connection.intake
        except OverBudgetError as error:
            ws.cut_off(str(error))
        except ConnectionError:  # the client left before its ping was answered
            pass
        except Exception as error:  # noqa: BLE001  # `fail` logs it
            connection.fail(error)
        finally:  # they refer to the transport: it would stay until garbage collection
            ws.intake = ws.connection = None

    async def _obey_message(self, message: str | bytes) -> None:
        """Obey a message, and wait until the next one may be read.

        Raises:
            OverBudgetError: the connection is over its budget.
        """
        intake = self._connection.intake if isinstance(message, bytes) else None
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
            await self._connection.obey(commands)
        if intake:
            intake.await_more()
        await self._pace.admit()

    def _too_often(self, commands: list[ClientCommand]) -> bool:
        """Tell whether the client gives more commands a second than it may; audio is none."""
        limited = self._protocol.admission.limits_commands
        if not limited or all(isinstance(command, Audio) for command in commands):
            return False
        return self._commands.refuse_s(self._pace.clock()) > 0
