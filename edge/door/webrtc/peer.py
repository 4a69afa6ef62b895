"""One browser's peer connection: its offer answered, its data channel, its two tracks."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import structlog
from aiortc import RTCConfiguration, RTCDataChannel, RTCIceServer, RTCPeerConnection
from aiortc import RTCSessionDescription as Description
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.sdp import SessionDescription

from edge.door.line.speech_queue import Sent
from edge.door.webrtc.tracks import Microphone, Voice
from edge.door.webrtc.udp_port import UdpPort

log = structlog.get_logger(__name__)

CHANNEL = "oai-events"
HIGH_BYTES, LOW_BYTES = 1_000_000, 200_000
"""Of messages under way: above the one senders wait until there are less than the other."""
FLUSH_S, CLOSE_S = 1.0, 5.0
"""Last messages have so long to go, and the connection to close."""
MOST_CHARS = 32_000
"""Of an offer: browsers write some 3000, and ten times as much takes 20 ms to read."""
GONE = frozenset({"failed", "closed"})


class BadOfferError(ValueError):
    """An offer that cannot be answered; the message says why, for the client's author."""


@dataclass(frozen=True)
class IceServers:
    """Servers that help where no address of ours can be reached; empty: none."""

    stun: str = ""
    turn: str = ""
    turn_user: str = ""
    turn_password: str = ""

    @property
    def listed(self) -> list[RTCIceServer]:
        found = [RTCIceServer(self.stun)] if self.stun else []
        if self.turn:
            found.append(RTCIceServer(self.turn, self.turn_user, self.turn_password))
        return found


class Peer:
    """A call's connection."""

    def __init__(
        self,
        arrived: Callable[[str | bytes], None],
        sent: Callable[[Sent], None],
        left: Callable[[], None],
    ) -> None:
        """Call *arrived* with messages and sound, *sent* with what is out, *left* at the end."""
        self.voice = Voice(sent)
        self.open = asyncio.Event()
        """Set once messages can be sent, or never will be."""
        self._arrived = arrived
        self._left = left
        self._channel: RTCDataChannel | None = None
        self._drained = asyncio.Event()
        self._connection: RTCPeerConnection | None = None

    async def answer(self, offer: str, port: UdpPort, servers: IceServers) -> str:
        """Return the answer to *offer*, and wait for the client at *port* from then on.

        Raises:
            BadOfferError: it cannot be answered.
        """
        given = readable(offer, with_candidates=bool(servers.listed))
        if not _names_keys(given):
            raise BadOfferError("expected an `a=fingerprint` for each line")
        made = RTCPeerConnection(RTCConfiguration(iceServers=servers.listed))
        self._connection = made
        made.on("datachannel", self._opened)
        made.on("connectionstatechange", self._changed)
        line = made.addTransceiver(self.voice, "sendrecv")
        codecs = RTCRtpSender.getCapabilities("audio").codecs
        line.setCodecPreferences([one for one in codecs if one.mimeType == "audio/opus"])
        try:
            await made.setRemoteDescription(Description(given, "offer"))
            Microphone(self._arrived).listen_to(line.receiver)
            for transport in {
                line.receiver.transport,
                *([made.sctp.transport] if made.sctp else []),
            }:
                port.serve(transport.transport.iceGatherer._connection)
            await made.setLocalDescription(await made.createAnswer())
        except Exception as error:  # aiortc's errors at what a stranger wrote are of any kind
            log.info("offer_refused", why=type(error).__name__)
            await self.close()
            raise BadOfferError("the offer cannot be answered") from error
        return str(made.localDescription.sdp)

    def _opened(self, channel: RTCDataChannel) -> None:
        if channel.label != CHANNEL or self._channel is not None:
            return
        self._channel = channel
        channel.bufferedAmountLowThreshold = LOW_BYTES
        channel.on("message", self._message)
        channel.on("bufferedamountlow", self._drained.set)
        channel.on("close", self._gone)
        self.open.set()

    def _message(self, message: str | bytes) -> None:
        if isinstance(message, str):  # the protocol takes bytes for sound
            self._arrived(message)

    def _changed(self) -> None:
        if self._connection and self._connection.connectionState in GONE:
            self._gone()

    def _gone(self) -> None:
        self.open.set()
        self._drained.set()
        self._left()

    async def send(self, text: str) -> None:
        """Send a message, once not too many are under way.

        Raises:
            ConnectionError: the client has left.
        """
        channel = self._channel
        if channel is None or channel.readyState != "open":
            raise ConnectionError
        channel.send(text)
        while channel.bufferedAmount > HIGH_BYTES and channel.readyState == "open":
            self._drained.clear()
            await self._drained.wait()

    async def close(self) -> None:
        """Close, once the last messages are out."""
        if self._channel:
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_S):
                    self._channel.bufferedAmountLowThreshold = 0
                    while self._channel.bufferedAmount and self._channel.readyState == "open":
                        self._drained.clear()
                        await self._drained.wait()
        made, self._connection = self._connection, None
        if made:
            try:
                async with asyncio.timeout(CLOSE_S):
                    await made.close()
            except Exception as error:  # noqa: BLE001  # aiortc cannot close what was half set up
                log.info("peer_not_closed", why=type(error).__name__)
        self._gone()


def readable(offer: str, *, with_candidates: bool) -> str:
    """Return *offer* as it is given to aiortc: one line of sound, and one of data.

    The client's candidates are left out: it finds us, and what it calls its addresses is asked
    nothing. *with_candidates*: they are needed, for its packets come only where ours went.

    Raises:
        BadOfferError: it is none, or has other lines.
    """
    if len(offer) > MOST_CHARS:
        raise BadOfferError(f"it has more than {MOST_CHARS} characters")
    try:
        given = SessionDescription.parse(offer)
        kinds = [media.kind for media in given.media]
    except Exception as error:  # as above
        raise BadOfferError("it cannot be read as SDP") from error
    if sorted(kinds) != ["application", "audio"]:
        why = f"expected one line `m=audio` and one `m=application`, for the channel {CHANNEL}"
        raise BadOfferError(why)
    if not any(one.semantic == "BUNDLE" and len(one.items) > 1 for one in given.group):
        raise BadOfferError("expected both lines in one `a=group:BUNDLE`")
    return "".join(f"{line}\r\n" for line in _kept(offer.splitlines(), with_candidates))


def _names_keys(offer: str) -> bool:
    """Tell whether *offer* says by which keys its client is known; aiortc does not check."""
    media = SessionDescription.parse(offer).media
    return all(one.dtls is not None and one.dtls.fingerprints for one in media)


def _kept(lines: Iterable[str], with_candidates: bool) -> list[str]:
    def keeps(line: str) -> bool:
        if line.startswith("a=end-of-candidates"):  # it may come from other addresses yet
            return False
        if line.startswith("a=candidate:"):
            return (
                with_candidates and ".local " not in line
            )  # names that only its own network knows
        return bool(line)

    return [line for line in lines if keeps(line)]
