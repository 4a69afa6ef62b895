"""The edge's WebRTC port, opened with the first call; aiortc is an optional extra."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from typing import TYPE_CHECKING

from runtime.settings import Settings, SettingsError

if TYPE_CHECKING:  # an extra
    from aiortc import RTCIceServer

    from edge.door.webrtc.udp_port import UdpPort

HIGHEST_PORT = 65_535


class WebRtcPort:
    """The port of WebRTC calls, with its STUN and TURN servers."""

    def __init__(self, settings: Settings) -> None:
        """Take the ports and servers of *settings*.

        Raises:
            SettingsError: the ports are invalid.
        """
        self._settings = settings
        self._ports = ports_of(settings.webrtc_ports)
        self._port: UdpPort | None = None
        self._opening = asyncio.Lock()

    @staticmethod
    def of(settings: Settings) -> WebRtcPort | None:
        """Return the port; None: the extra is not installed.

        Its modules are imported here: imported with the first call, they would stop the event loop
        for 0.2 s.

        Raises:
            SettingsError: the ports are invalid.
        """
        if importlib.util.find_spec("aiortc") is None:
            return None
        importlib.import_module("edge.door.webrtc.peer")
        return WebRtcPort(settings)

    async def opened(self) -> UdpPort:
        """Return the port.

        Raises:
            NoPortError: none of the ports is free.
        """
        async with self._opening:
            if self._port is None:
                from edge.door.webrtc.udp_port import UdpPort, hosts_of  # noqa: PLC0415  # an extra

                settings = self._settings
                hosts = await asyncio.to_thread(hosts_of, settings.webrtc_address, settings.host)
                self._port = await UdpPort.opened(hosts, self._ports)
            return self._port

    @property
    def servers(self) -> list[RTCIceServer]:
        """The STUN and TURN servers; empty: clients reach the edge's addresses."""
        from aiortc import RTCIceServer  # noqa: PLC0415  # an extra

        settings = self._settings
        found = [RTCIceServer(settings.webrtc_stun)] if settings.webrtc_stun else []
        if turn := settings.webrtc_turn:
            password = settings.webrtc_turn_password.get_secret_value()
            found.append(RTCIceServer(turn, settings.webrtc_turn_user, password))
        return found

    def close(self) -> None:
        if self._port:
            self._port.close()


def ports_of(text: str) -> range:
    """Return the ports in *text*: none, one, or a range.

    Raises:
        SettingsError: it is invalid.
    """
    if not text:
        return range(0)
    first, is_range, last = text.partition("-")
    try:
        found = range(int(first), int(last if is_range else first) + 1)
    except ValueError:
        found = range(0)
    if not found or found[0] < 1 or found[-1] > HIGHEST_PORT:
        raise SettingsError("AURA_WEBRTC_PORTS: expected a port, or a range such as 50000-50009")
    return found
