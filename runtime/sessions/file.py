"""Writes and reads session files; `docs/session-file.md` describes the format.

A session file is a ZIP archive of `manifest.json`, `events.msgpack` and, if sound was recorded,
`audio.msgpack`. Both hold MessagePack values one after the other, one for each stored message:
[subject, headers, bytes, time].
"""

import io
import json
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import IO, Any

import msgpack

from runtime.bus.reader import Stored
from runtime.process.version import version
from runtime.sessions.relabel import KEPT
from schemas.events import SCHEMA_VERSION
from schemas.subjects import is_token

FORMAT = "aura-session"
FORMAT_VERSION = 1
MOST_PART_BYTES = {"manifest.json": 1 << 20, "events.msgpack": 64 << 20, "audio.msgpack": 512 << 20}
"""The largest unpacked size of each part, against archives that unpack to gigabytes: a day of
events, two hours of sound."""
MOST_PART_MESSAGES = 200_000
"""The most messages in one part."""
MOST_MESSAGE_BYTES = 1 << 20
"""The largest message, as in nats/streams."""
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, msgpack.UnpackException, EOFError, OSError),
    *(KeyError, ValueError, TypeError, AttributeError, RuntimeError),
)
"""Errors of the libraries for bytes that are no session file; RuntimeError: they are encrypted."""


class NotASessionError(ValueError):
    """The bytes are no session file, or one of a later version; the message says which."""


@dataclass(frozen=True)
class SessionFile:
    """The content of a session file."""

    tenant: str
    session: str
    events: list[Stored]
    audio: list[Stored] = field(default_factory=list)
    manifest: dict[str, Any] = field(default_factory=dict)


def pack(session_file: SessionFile) -> bytes:
    """Return the bytes of a session file."""
    manifest = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "aura": version(),
        "schema": SCHEMA_VERSION,
        "tenant": session_file.tenant,
        "session": session_file.session,
        "events": len(session_file.events),
        "audio": len(session_file.audio),
        **session_file.manifest,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(manifest, indent=1))
        archive.writestr("events.msgpack", _packed(session_file.events))
        if session_file.audio:
            archive.writestr("audio.msgpack", _packed(session_file.audio))
    return out.getvalue()


def unpack(data: bytes) -> SessionFile:
    """Return the content of a session file, given its bytes.

    Raises:
        NotASessionError: *data* is no session file, or it is damaged, or of a later version.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            manifest = json.loads(_opened(archive, "manifest.json").read())
            if manifest.get("format") != FORMAT:
                raise NotASessionError("its manifest does not name the format aura-session")
            if manifest.get("version") != FORMAT_VERSION:
                version = manifest.get("version")
                raise NotASessionError(
                    f"it is of version {version}; this Aura reads version {FORMAT_VERSION}"
                )
            tenant, session = manifest["tenant"], manifest["session"]
            if not (is_token(tenant) and is_token(session)):
                raise NotASessionError("its tenant or session id is none")
            own = f"{tenant}.{session}"
            events = _unpacked(_opened(archive, "events.msgpack"), f"aura.ev.{own}.")
            has_audio = "audio.msgpack" in archive.namelist()
            sound = _opened(archive, "audio.msgpack") if has_audio else io.BytesIO()
            audio = _unpacked(sound, f"aura.rec.{own}.")
    except DAMAGED as error:
        if isinstance(error, NotASessionError):
            raise
        raise NotASessionError("it is damaged, or no session file") from error
    return SessionFile(tenant, session, events, audio, manifest)


def _opened(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """Return the part *name*, opened to read.

    Raises:
        NotASessionError: the part is too large when unpacked.
    """
    if archive.getinfo(name).file_size > MOST_PART_BYTES[name]:
        raise NotASessionError(f"{name} unpacks to more than {MOST_PART_BYTES[name] >> 20} MiB")
    return archive.open(name)


def _packed(messages: Iterable[Stored]) -> bytes:
    return b"".join(
        msgpack.packb(
            [
                message.subject,
                {name: message.headers[name] for name in KEPT if name in message.headers},
                message.data,
                message.time,
            ]
        )
        for message in messages
    )


def _unpacked(part: IO[bytes], own: str) -> list[Stored]:
    """Return the messages in *part*, read one by one; each subject must begin with *own*.

    Raises:
        NotASessionError: a message belongs to another session, or there are too many messages.
    """
    stored: list[Stored] = []
    unpacker = msgpack.Unpacker(
        part,
        max_array_len=4,
        max_map_len=64,
        max_ext_len=0,
        max_str_len=MOST_MESSAGE_BYTES,
        max_bin_len=MOST_MESSAGE_BYTES,
    )
    for number, (subject, headers, payload, time) in enumerate(unpacker, 1):
        if number > MOST_PART_MESSAGES:
            raise NotASessionError(f"it holds more than {MOST_PART_MESSAGES} messages")
        texts = (subject, time, *headers, *headers.values())
        if not all(isinstance(text, str) for text in texts) or not isinstance(payload, bytes):
            raise ValueError("not [subject, headers, bytes, time]")
        if not (subject.startswith(own) and is_token(subject.removeprefix(own))):
            raise NotASessionError("it holds messages of another session")
        kept = {name: value for name, value in headers.items() if name in KEPT}
        stored.append(Stored(subject, number, payload, kept, time))
    return stored
