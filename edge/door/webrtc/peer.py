"""One browser's peer connection: its offer answered, its data channel, its two tracks."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

import structlog
from aiortc import RTCConfiguration, RTCDataChannel, RTCIceServer, RTCPeerConnection
from aiortc import RTCSessionDescription as Description
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.sdp import SessionDescription

from edge.door.line.speech_queue import Sent
from edge.door.webrtc.tracks import Microphone, VoiceTrack
from edge.door.webrtc.udp_port import UdpPort

log = structlog.get_logger(__name__)

CHANNEL = "oai-events"
HIGH_BYTES, LOW_BYTES = 1_000_000, 200_000
"""The unsent bytes above which senders stop, and below which they go on."""
FLUSH_S, CLOSE_S = 1.0, 5.0
"""The longest waits, seconds, until the last messages are sent, and for the close."""
MOST_OFFER_CHARS = 32_000
"""The most characters of an offer: browsers write some 3000; 30,000 take 20 ms to parse."""
GONE_STATES = frozenset({"failed", "closed"})


class BadOfferError(ValueError):
    """An invalid offer; the message is for the client's author."""


class Peer:
    """The peer connection of a call."""

    def __init__(
        self,
        arrived: Callable[[str | bytes], None],
        sent: Callable[[Sent], None],
        left: Callable[[], None],
    ) -> None:
        """Call *arrived* with messages and audio, *sent* with sent speech, *left* at the end."""
        self.voice = VoiceTrack(sent)
        self.open = asyncio.Event()
        """Set once messages can be sent, or the connection has failed."""
        self._arrived = arrived
        self._left = left
        self._channel: RTCDataChannel | None = None
        self._drained = asyncio.Event()
        self._connection: RTCPeerConnection | None = None

    async def answer(self, offer: str, port: UdpPort, servers: list[RTCIceServer]) -> str:
        """Return the answer to *offer*, and wait for the client at *port*.

        Raises:
            BadOfferError: it is invalid.
        """
        session_description = readable(offer, with_candidates=bool(servers))
        if not _names_keys(session_description):
            raise BadOfferError("expected an `a=fingerprint` for each line")
        made = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._connection = made
        made.on("datachannel", self._opened)
        made.on("connectionstatechange", self._changed)
        line = made.addTransceiver(self.voice, "sendrecv")
        codecs = RTCRtpSender.getCapabilities("audio").codecs
        line.setCodecPreferences([codec for codec in codecs if codec.mimeType == "audio/opus"])
        try:
            await made.setRemoteDescription(Description(session_description, "offer"))
            Microphone(self._arrived).listen_to(line.receiver)
            for transport in {
                line.receiver.transport,
                *([made.sctp.transport] if made.sctp else []),
            }:
                port.serve(transport.transport.iceGatherer._connection)
            await made.setLocalDescription(await made.createAnswer())
        except Exception as error:  # aiortc raises errors of any type for invalid input
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
        if isinstance(message, str):  # the protocol takes bytes for audio
            self._arrived(message)

    def _changed(self) -> None:
        if self._connection and self._connection.connectionState in GONE_STATES:
            self._gone()

    def _gone(self) -> None:
        self.open.set()
        self._drained.set()
        self._left()

    async def send(self, text: str) -> None:
        """Send a message, once few enough wait.

        Raises:
            ConnectionError: the client has left.
        """
        channel = self._channel
        if channel is None or channel.readyState != "open":
            raise ConnectionError
        channel.send(text)
        await self._sent(channel, HIGH_BYTES)

    async def _sent(self, channel: RTCDataChannel, most_unsent_bytes: int) -> None:
        """Return once few enough bytes wait, or the channel is closed."""
        while channel.bufferedAmount > most_unsent_bytes and channel.readyState == "open":
            self._drained.clear()
            await self._drained.wait()

    async def close(self) -> None:
        """Close, once the last messages were sent."""
        if self._channel:
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_S):
                    self._channel.bufferedAmountLowThreshold = 0
                    await self._sent(self._channel, 0)
        made, self._connection = self._connection, None
        if made:
            try:
                async with asyncio.timeout(CLOSE_S):
                    await made.close()
            except Exception as error:  # noqa: BLE001  # aiortc cannot close a half-open connection
                log.info("peer_not_closed", why=type(error).__name__)
        self._gone()


def readable(offer: str, *, with_candidates: bool) -> str:
    """Return *offer* in the form for aiortc: one audio section and one data section.

    The client's candidates are left out, so that the edge sends nothing to addresses that a
    stranger names. *with_candidates*: they are needed behind a STUN or TURN server.

    Raises:
        BadOfferError: it is invalid, or has other sections.
    """
    if len(offer) > MOST_OFFER_CHARS:
        raise BadOfferError(f"it has more than {MOST_OFFER_CHARS} characters")
    try:
        given = SessionDescription.parse(offer)
        kinds = [media.kind for media in given.media]
    except Exception as error:  # aiortc raises errors of any type here, too
        raise BadOfferError("it cannot be read as SDP") from error
    if sorted(kinds) != ["application", "audio"]:
        why = f"expected one line `m=audio` and one `m=application`, for the channel {CHANNEL}"
        raise BadOfferError(why)
    if not any(group.semantic == "BUNDLE" and len(group.items) > 1 for group in given.group):
        raise BadOfferError("expected both lines in one `a=group:BUNDLE`")
    return "".join(f"{line}\r\n" for line in _without_unusable(offer.splitlines(), with_candidates))


def _names_keys(offer: str) -> bool:
    """Return whether *offer* has all fingerprints of keys, which aiortc does not check."""
    media = SessionDescription.parse(offer).media
    return all(line.dtls is not None and line.dtls.fingerprints for line in media)


def _without_unusable(lines: Iterable[str], with_candidates: bool) -> list[str]:
    def keeps(line: str) -> bool:
        if line.startswith("a=end-of-candidates"):  # the client may send from other addresses
            return False
        if line.startswith("a=candidate:"):
            # only the client's own network can resolve a name in .local
            return with_candidates and ".local " not in line
        return bool(line)

    return [line for line in lines if keeps(line)]
