"""Twilio as the tests play it: its announcement, its media stream and its REST."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar
from xml.etree import ElementTree as ET

import pytest

from edge.door.twilio.calls import signature
from runtime.bus.connection import connect
from runtime.settings import load
from schemas import events as ev
from schemas import subjects
from tests.aura_process import AuraProcess
from tests.caller import VOICE_MS, buzz, silence, wav

streamdouble = pytest.importorskip(
    "streamdouble", reason="streamdouble plays Twilio: pip install streamdouble"
)
from streamdouble import api, scenario  # noqa: E402  # it may be missing
from streamdouble.session import SessionConfig  # noqa: E402  # it may be missing

ACCOUNT_SECRET = "0123456789abcdef0123456789abcdef"
PUBLIC = "https://voice.example.com"
"""Where Twilio finds the edge, behind a proxy."""
FORM = {"CallSid": "CA1234567890ABCDE", "From": "+14158675309", "To": "+18005551212"}


def announce(
    aura: AuraProcess, *, sign: str = "", path: str = "/twilio/voice"
) -> tuple[int, str, str]:
    """Announce a call as Twilio does; return the status, the type and the body of the answer."""
    right = signature(ACCOUNT_SECRET, PUBLIC + path, FORM.items())
    request = urllib.request.Request(  # noqa: S310  # ours
        aura.url + path,
        data=urllib.parse.urlencode(FORM).encode(),
        headers={"X-Twilio-Signature": sign or right},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  # ours
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers["Content-Type"], refused.read().decode()


async def token_of(aura: AuraProcess, path: str = "/twilio/voice") -> str:
    status, kind, body = await asyncio.to_thread(announce, aura, path=path)
    assert (status, kind.split(";")[0]) == (200, "text/xml")
    stream = ET.fromstring(body).find("Connect/Stream")  # noqa: S314  # ours
    assert stream is not None
    assert stream.attrib["url"] == "wss://voice.example.com/twilio/media"
    (parameter,) = stream
    assert parameter.attrib["name"] == "token"
    return parameter.attrib["value"]


async def config(aura: AuraProcess, **more: Any) -> SessionConfig:
    return SessionConfig(
        custom_parameters={"token": await token_of(aura)},
        response_timeout_s=15,
        max_drain_s=8,
        max_call_s=40,
        **more,
    )


def media_url(aura: AuraProcess) -> str:
    return aura.url.replace("http", "ws", 1) + "/twilio/media"


async def call(aura: AuraProcess, folder: Path, *steps: Any, **more: Any) -> api.CallReport:
    """Place a call in which *steps* happen; "voice" is something said."""
    clip = folder / "voice.wav"
    clip.write_bytes(wav(buzz(VOICE_MS) + silence(100)))
    said = [{"say": str(clip)} if step == "voice" else step for step in steps]
    script = scenario.parse({"name": "a call", "steps": said}, base_dir=folder)
    return await api.run_scenario(media_url(aura), script, config=await config(aura, **more))


async def stored(aura: AuraProcess) -> list[ev.AnyEvent]:
    """Return the events of the last call."""
    settings = load(nats_url=aura.nats_url, _env_file=None)
    async with await connect(settings, "test") as bus:
        all_events = await bus.read(subjects.EVENTS_STREAM, "aura.ev.>")
    found = [one.event() for one in all_events]
    last = [one.session for one in found if isinstance(one, ev.SessionStarted)][-1]
    return [one for one in found if one.session == last]


def of(kind: type[Any], events: list[ev.AnyEvent]) -> list[Any]:
    return [one for one in events if isinstance(one, kind)]


class Network(BaseHTTPRequestHandler):
    """Twilio's REST, as far as a transfer needs it."""

    asked: ClassVar[list[tuple[str, str, dict[str, list[str]]]]] = []
    status = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = urllib.parse.parse_qs(body)
        Network.asked.append((self.path, self.headers["Authorization"], form))
        self.send_response(Network.status)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...
