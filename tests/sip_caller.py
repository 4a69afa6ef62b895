"""Debian's `baresip` as a telephone on loopback: it calls or is called, speaks, hears, presses."""

from __future__ import annotations

import asyncio
import json
import shutil
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr

from tests.ports import free_ports

MODULES = Path("/usr/lib/baresip/modules")
needs_baresip = pytest.mark.skipif(
    shutil.which("baresip") is None,
    reason="NOT TESTED HERE: SIP calls need a caller (apt-get install baresip)",
)
needs_sipp = pytest.mark.skipif(
    shutil.which("sipp") is None,
    reason="NOT TESTED HERE: SIP calls of sipp (apt-get install sip-tester)",
)
needs_kamailio = pytest.mark.skipif(
    shutil.which("kamailio") is None,
    reason="NOT TESTED HERE: a SIP registrar (apt-get install kamailio kamailio-tls-modules)",
)
CONFIG = """
sip_listen 127.0.0.1:{sip}
net_interface 127.0.0.1
audio_source aufile,{folder}/says.wav
audio_alert aufile,{folder}/none.wav
module_path {modules}
module g711.so
module srtp.so
module aufile.so
module sndfile.so
snd_path {folder}
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control}
rtp_ports {rtp}-{rtp_end}
"""
LOUD = 500


class Telephone:
    """One telephone."""

    def __init__(self, folder: Path, sip: int, control: int) -> None:
        self.folder = folder
        self.port = sip
        self.events: list[dict[str, Any]] = []
        self._control = control
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._writer: asyncio.StreamWriter | None = None

    @property
    def address(self) -> str:
        return f"sip:ada@127.0.0.1:{self.port}"

    async def connect(self) -> None:
        async with asyncio.timeout(10):
            while True:
                try:
                    reader, self._writer = await asyncio.open_connection("127.0.0.1", self._control)
                    break
                except OSError:
                    await asyncio.sleep(0.05)
        self._reading = asyncio.create_task(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:  # netstrings
                size = int((await reader.readuntil(b":"))[:-1])
                said = json.loads((await reader.readexactly(size + 1))[:-1])
                if "event" in said:
                    self.events.append(said)
                else:
                    self._answers.put_nowait(said)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass

    async def do(self, command: str, params: str = "") -> dict[str, Any]:
        assert self._writer is not None
        told = json.dumps({"command": command, "params": params}).encode()
        self._writer.write(b"%d:%s," % (len(told), told))
        return await asyncio.wait_for(self._answers.get(), 10)

    def close(self) -> None:
        self._reading.cancel()
        if self._writer:
            self._writer.close()

    def kinds(self) -> list[str]:
        return [one["type"] for one in self.events]

    async def until(self, kind: str, seconds: float = 40) -> dict[str, Any]:
        try:
            async with asyncio.timeout(seconds):
                while kind not in self.kinds():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"no {kind}; {self.kinds()}") from None
        return next(one for one in self.events if one["type"] == kind)

    async def registered(self) -> None:
        """Wait until its registrar knows it."""
        log = self.folder / "log"
        async with asyncio.timeout(20):
            while "[1 binding]" not in log.read_text(errors="replace"):
                await asyncio.sleep(0.05)

    @property
    def keys(self) -> list[str]:
        """The keys that were pressed at the other end."""
        started = [one for one in self.events if one["type"] == "CALL_DTMF_START"]
        return [str(one["param"]) for one in started]

    def heard(self) -> np.ndarray[Any, np.dtype[np.int16]]:
        """Return what came out of it: 8 kHz."""
        (file,) = self.folder.glob("dump-*-dec.wav")
        data = file.read_bytes()[44:]
        return np.frombuffer(data[: len(data) // 2 * 2], "<i2")

    async def until_loud(self, ms: float) -> None:
        """Wait until so much was heard."""
        async with asyncio.timeout(30):
            while not any(self.folder.glob("dump-*-dec.wav")) or self.loud_ms() < ms:
                await asyncio.sleep(0.02)

    def loud_ms(self) -> float:
        samples = self.heard()
        frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
        return float((np.abs(frames.astype(np.int32)).max(axis=1) > LOUD).sum()) * 20


def write_8_khz(file: Path, pcm: bytes) -> None:
    """Write s16le mono 16 kHz as a WAV of 8 kHz."""
    samples = soxr.resample(np.frombuffer(pcm, np.int16), 16_000, 8_000)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(samples.astype(np.int16).tobytes())


def _set_up(folder: Path, files: dict[str, str], says: bytes) -> None:
    folder.mkdir()
    write_8_khz(folder / "says.wav", says)
    for name, text in {**files, "contacts": ""}.items():
        (folder / name).write_text(text)


@asynccontextmanager
async def telephone(
    folder: Path, says: bytes, *, answers: bool = False, account: str = "", at: str = ""
) -> AsyncIterator[Telephone]:
    """Yield a telephone that says *says* (s16le mono 16 kHz) in its call.

    *account* are more parameters of its account; it registers *at* a host and port if one is named.
    """
    sip, control, rtp = free_ports(), free_ports(), free_ports(100)
    text = CONFIG.format(
        sip=sip, control=control, folder=folder, modules=MODULES, rtp=rtp, rtp_end=rtp + 99
    )
    mode = ";answermode=auto" if answers else ""
    mode += f";regint={600 if at else 0}{account}"
    files = {"config": text, "accounts": f"<sip:ada@{at or f'127.0.0.1:{sip}'}>{mode}\n"}
    await asyncio.to_thread(_set_up, folder, files, says)
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            "baresip", "-f", str(folder), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
    phone = Telephone(folder, sip, control)
    try:
        await phone.connect()
        yield phone
    finally:
        phone.close()
        if process.returncode is None:
            process.terminate()
            await process.wait()


SCENARIO = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="a caller">
  <send retrans="500"><![CDATA[
    INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: <sip:sipp@[local_ip]:[local_port]>;tag=[pid]t[call_number]
    To: <sip:[service]@[remote_ip]:[remote_port]>
    Call-ID: [call_id]
    CSeq: 1 INVITE
    Contact: <sip:sipp@[local_ip]:[local_port]>
    Max-Forwards: 70
    Content-Type: application/sdp
    Content-Length: [len]

    v=0
    o=sipp 1 1 IN IP4 [local_ip]
    s=-
    c=IN IP4 [media_ip]
    t=0 0
    m=audio [media_port] RTP/AVP 0
    a=rtpmap:0 PCMU/8000
  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="200" rtd="true"/>
  <send><![CDATA[
    ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: <sip:sipp@[local_ip]:[local_port]>;tag=[pid]t[call_number]
    To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
    Call-ID: [call_id]
    CSeq: 1 ACK
    Max-Forwards: 70
    Content-Length: 0
  ]]></send>
  <recv request="INVITE" crlf="true"/>
  <send retrans="500"><![CDATA[
    SIP/2.0 200 OK
    [last_Via:]
    [last_From:]
    [last_To:]
    [last_Call-ID:]
    [last_CSeq:]
    Contact: <sip:sipp@[local_ip]:[local_port]>
    Content-Type: application/sdp
    Content-Length: [len]

    v=0
    o=sipp 1 2 IN IP4 [local_ip]
    s=-
    c=IN IP4 [media_ip]
    t=0 0
    m=audio [media_port] RTP/AVP 0
    a=rtpmap:0 PCMU/8000
  ]]></send>
  <recv request="ACK"/>
  <pause milliseconds="3000"/>
  <send retrans="500"><![CDATA[
    BYE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: <sip:sipp@[local_ip]:[local_port]>;tag=[pid]t[call_number]
    To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
    Call-ID: [call_id]
    CSeq: 2 BYE
    Max-Forwards: 70
    Content-Length: 0
  ]]></send>
  <recv response="200"/>
</scenario>
"""
"""Of a caller of `sipp`, who holds the call up when it is held up, and hangs up after 3 s."""
