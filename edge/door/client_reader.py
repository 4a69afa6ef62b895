"""Reads a client's frames: the protocol turns them into commands, within a budget."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

from edge.call.clock import now_ms
from edge.core.client_commands import Audio, Command, Reply
from edge.core.inputs import FromClient
from edge.door.channel import Channel
from edge.door.client_sender import ClientSender
from edge.door.conversations import Conversations
from edge.door.limits.allowance import OverBudgetError
from edge.door.limits.connection_budget import LOOK_FRAMES, LOOK_SOUND_S
from edge.protocols.client_protocol import ClientProtocol, Json
from runtime.buckets import Bucket

NO_MORE_S = 2.5
"""The longest stall of a network; after it, no more audio is expected."""
MOST_ON_LOOP = 256 * 1024
"""Characters or bytes; a longer message is read in a thread."""


class ClientReader:
    """Reads messages one after the other, and audio by a short cut."""

    def __init__(
        self,
        ws: Channel,
        protocol: ClientProtocol,
        commands: Bucket,
        conversations: Conversations,
        sender: ClientSender,
        obey: Callable[[list[Command]], Awaitable[None]],
        broke: Callable[[Exception], None],
    ) -> None:
        """Give audio to *conversations*, and other commands to *obey*.

        *commands* limits them a second, if the protocol does. *broke* gets an unexpected exception.
        """
        self._ws = ws
        self._pace = ws.pace
        self._budget = ws.pace.budget
        self._protocol = protocol
        self._commands = commands
        self._conversations = conversations
        self._sender = sender
        self._obey = obey
        self._broke = broke
        self._kept_back: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Read until the client leaves, is over its budget, or an exception ends it."""
        self._ws.on_commands = self._obey_now
        try:
            await self._obey(self._protocol.opened())
            self._ws.on_message = self._hear
            async for frame in self._ws.frames():
                self._ws.on_message = None  # later messages wait for their turn
                await self._take(frame)
                del frame  # frees the memory of a long one at once
                self._ws.on_message = self._hear
        except OverBudgetError as over:
            self._ws.exceed(str(over))
        except ConnectionError:  # the client left before its ping was answered
            pass
        except Exception as error:  # noqa: BLE001  # `broke` logs it
            self._broke(error)
        finally:
            self._ws.on_message = None

    def close(self) -> None:
        """Stop the timer for audio that the protocol keeps back."""
        if self._kept_back:
            self._kept_back.cancel()
            self._kept_back = None

    async def _take(self, frame: str | bytes) -> None:
        """Obey a message, and wait until the next one may be read.

        Raises:
            OverBudgetError: the connection is over its budget.
        """
        audio = isinstance(frame, bytes)
        if audio:
            self.close()
        if len(frame) > MOST_ON_LOOP:
            receive = partial(self._protocol.receive, frame, now_ms())
            commands = await self._pace.off_loop(receive)
        else:
            began_s = time.perf_counter()
            commands = self._protocol.receive(frame, now_ms())
            self._pace.worked(began_s)
        if self._too_often(commands):
            self._sender.send([self._refusal()])
        else:
            await self._obey(commands)
        if audio:
            self._await_more()
        await self._pace.turn()

    def _hear(self, message: str | bytes) -> bool:
        """Take a message by the short cut if it is audio; return whether it is."""
        return self._take_sound(self._protocol.sound, message, now_ms())

    def _no_more(self) -> None:
        """Take the audio that is kept back, since no more comes."""
        self._take_sound(self._protocol.no_more)

    def _take_sound(self, make: Callable[..., list[Command] | None], *of: object) -> bool:
        """Obey the commands that *make* returns for *of*; False: it is no audio."""
        began_s = time.perf_counter()
        try:
            commands = make(*of)
            if commands is None:
                return False
            self._heard(commands, began_s)
        except OverBudgetError as over:
            self._ws.exceed(str(over))
        except Exception as error:  # noqa: BLE001  # `broke` logs it
            self._broke(error)
        return True

    def _heard(self, commands: list[Command], since_s: float) -> None:
        """Obey the commands of audio, whose work began at *since_s* (`time.perf_counter`).

        Raises:
            OverBudgetError: the connection is over its budget.
        """
        self._obey_now(commands)
        self._await_more()
        budget = self._budget
        budget.work_s += time.perf_counter() - since_s
        if budget.frames >= LOOK_FRAMES or budget.sound_s >= LOOK_SOUND_S:
            self._pace.look()

    def _obey_now(self, commands: list[Command]) -> None:
        """Obey commands that take no time: sound, replies, what the call is told."""
        for command in commands:
            if isinstance(command, Audio):
                if intake := self._conversations.intake:
                    intake.take_now(command)
            elif isinstance(command, Reply):
                self._sender.send([command.message])
            elif isinstance(command, FromClient):
                self._conversations.give(command)

    def _await_more(self) -> None:
        """Take audio that the protocol keeps back, where no more comes to judge it by."""
        self.close()
        if self._protocol.keeps_back:
            loop = asyncio.get_running_loop()
            self._kept_back = loop.call_later(NO_MORE_S, self._no_more)

    def _too_often(self, commands: list[Command]) -> bool:
        """Tell whether the client gives more commands a second than it may; audio is none."""
        limited = self._protocol.admission.limits_commands
        if not limited or all(isinstance(command, Audio) for command in commands):
            return False
        return self._commands.refuse_s(time.monotonic()) > 0

    def _refusal(self) -> Json | None:
        return self._protocol.error(
            "RATE_LIMITED",
            "Too many control messages",
            "the limit is settable: AURA_CONTROL_MESSAGES_PER_SECOND",
        )
