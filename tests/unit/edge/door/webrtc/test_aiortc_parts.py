"""The private parts of aiortc and aioice that `edge/door/webrtc` stands in are there.

They may go with any minor version: then the files are to be written anew and the pin raised.
"""

from __future__ import annotations

import inspect
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

pytest.importorskip("aiortc", reason="NOT TESTED HERE: the extra `webrtc` is not installed")
from aioice.ice import Connection, StunProtocol  # it may be missing
from aiortc import RTCConfiguration, RTCPeerConnection  # the same

PYPROJECT = Path(__file__).parents[5] / "pyproject.toml"


async def test_the_private_parts_that_a_call_needs_are_there() -> None:
    made = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    receiver = made.addTransceiver("audio").receiver
    connection = receiver.transport.transport.iceGatherer._connection
    assert isinstance(connection, Connection)
    assert vars(receiver)["_RTCRtpReceiver__remote_streams"] == {}
    taken = inspect.signature(receiver._handle_rtp_packet).parameters
    assert list(taken) == ["packet", "arrival_time_ms"]
    asked = inspect.signature(connection.get_component_candidates).parameters
    assert list(asked)[:2] == ["component", "addresses"]
    assert connection._protocols == []
    assert StunProtocol(connection).transactions == {}
    await made.close()


def test_no_other_minor_version_is_installed_unseen() -> None:
    extras = tomllib.loads(PYPROJECT.read_text())["project"]["optional-dependencies"]
    for name in ("aiortc", "aioice"):
        (pin,) = [one for one in extras["webrtc"] if one.startswith(name)]
        major, minor = version(name).split(".")[:2]
        assert pin == f"{name}>={major}.{minor},<{major}.{int(minor) + 1}"
