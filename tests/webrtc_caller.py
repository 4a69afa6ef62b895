"""A client of `/v1/realtime/calls`: aiortc at the other end, over loopback alone."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any

import aiohttp
import numpy as np
from aiortc import (
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamTrack
from av.audio.frame import AudioFrame

from edge.door.webrtc.tracks import Microphone
from edge.door.webrtc.udp_port import UdpPort
from tests.realtime_caller import BEARER, RealtimeCaller

FRAME_BYTES = 640
"""20 ms of 16 kHz."""
LOUD = 500
"""Samples above it are no silence."""


class Mouth(MediaStreamTrack):
    """What the caller says, at the pace of a microphone; else silence."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.pcm = bytearray()
        self._began = time.monotonic()
        self._frames = 0

    async def recv(self) -> AudioFrame:
        await asyncio.sleep(max(0.0, self._began + self._frames * 0.02 - time.monotonic()))
        data = bytes(self.pcm[:FRAME_BYTES]).ljust(FRAME_BYTES, b"\0")
        del self.pcm[:FRAME_BYTES]
        frame = AudioFrame.from_ndarray(
            np.frombuffer(data, np.int16).reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate, frame.time_base = 16_000, Fraction(1, 16_000)
        frame.pts = self._frames * 320
        self._frames += 1
        return frame


class WebRtcCaller(RealtimeCaller):
    """One call, and everything it was told and heard."""

    def __init__(self, connection: RTCPeerConnection) -> None:
        super().__init__(None)  # type: ignore[arg-type]  # it has no WebSocket
        self.connection = connection
        self.mouth = Mouth()
        self.channel = connection.createDataChannel("oai-events")
        self.channel.on("message", self._told)
        self.heard: list[tuple[float, bytes]] = []
        """When it came, and s16le mono 48 kHz."""
        self.status = 0
        self.answer = ""
        self.location = ""
        self.closed = asyncio.Event()
        self.channel.on("close", self.closed.set)

    def _told(self, message: str) -> None:
        self.messages.append(json.loads(message))
        self.at.append(time.monotonic())

    async def send(self, message: Any) -> None:
        self.channel.send(message if isinstance(message, str) else json.dumps(message))

    def say(self, pcm: bytes) -> None:
        """Speak *pcm* (s16le mono 16 kHz) from now on."""
        self.mouth.pcm += pcm

    def hear(self, pcm: bytes) -> None:
        self.heard.append((time.monotonic(), pcm))

    def loud_ms(self, *, since_s: float = 0.0) -> float:
        """Return the ms of sound that was no silence and came after *since_s*, a monotonic time."""
        samples = np.frombuffer(b"".join(pcm for at, pcm in self.heard if at > since_s), np.int16)
        frames = samples[: len(samples) // 960 * 960].reshape(-1, 960)
        return float((np.abs(frames).max(axis=1) > LOUD).sum()) * 20 if len(frames) else 0.0


async def offered(
    made: RTCPeerConnection, line: RTCRtpTransceiver, port: UdpPort
) -> RTCSessionDescription:
    """Return the offer of a client that is to be reached at *port*."""
    offer = await made.createOffer()
    assert made.sctp is not None
    for transport in (line.receiver.transport, made.sctp.transport):
        port.serve(transport.transport.iceGatherer._connection)
    return offer


@asynccontextmanager
async def calling(
    url: str,
    *,
    headers: dict[str, str] | None = None,
    session: dict[str, Any] | None = None,
    query: str = "model=gpt-realtime",
) -> AsyncIterator[WebRtcCaller]:
    """Yield a caller whose offer was answered; with a *session* it was sent in a form."""
    port = await UdpPort.opened(["127.0.0.1"], [])
    made = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    caller = WebRtcCaller(made)
    line = made.addTransceiver(caller.mouth, "sendrecv")
    try:
        await made.setLocalDescription(await offered(made, line, port))
        sent = BEARER if headers is None else headers
        body: Any = made.localDescription.sdp.encode()
        if session is None:
            sent = {**sent, "Content-Type": "application/sdp"}
        else:
            form = aiohttp.FormData(default_to_multipart=True)
            form.add_field("sdp", body.decode(), content_type="application/sdp")
            form.add_field("session", json.dumps(session), content_type="application/json")
            body = form
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{url}/v1/realtime/calls?{query}", data=body, headers=sent) as answer,
        ):
            caller.status, caller.answer = answer.status, await answer.text()
            caller.location = answer.headers.get("Location", "")
        if caller.status == 201:
            await made.setRemoteDescription(RTCSessionDescription(caller.answer, "answer"))
            Microphone(caller.hear).listen_to(line.receiver)
        yield caller
    finally:
        await made.close()
        port.close()
