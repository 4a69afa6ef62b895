"""Write and read a session file; its format is described in `docs/session-file.md`.

A ZIP archive of `manifest.json`, `events.msgpack` and, where sound was recorded, `audio.msgpack`.
Both hold MessagePack values one after the other, one for each stored message:
[subject, headers, bytes, time].
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgpack

from runtime.bus.reader import Stored
from runtime.sessions.relabel import KEPT
from runtime.version import version
from schemas.events import SCHEMA_VERSION
from schemas.subjects import is_token

FORMAT = "aura-session"
VERSION = 1
MOST_BYTES = 2 * 1024**3
"""The largest unpacked size that is read: it stops a small archive that unpacks without end."""
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, msgpack.UnpackException, EOFError, OSError),
    *(KeyError, ValueError, TypeError, AttributeError, RuntimeError),  # encrypted, unknown method
)
"""Errors of the libraries on bytes that are not a session file."""


class NotASessionError(ValueError):
    """The bytes are not a session file, or one of a later version; the message says which."""


@dataclass(frozen=True)
class SessionFile:
    """The content of a session file."""

    tenant: str
    session: str
    events: list[Stored]
    audio: list[Stored] = field(default_factory=list)
    manifest: dict[str, Any] = field(default_factory=dict)


def pack(one: SessionFile) -> bytes:
    """Return the bytes of a session file."""
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "aura": version(),
        "schema": SCHEMA_VERSION,
        "tenant": one.tenant,
        "session": one.session,
        "events": len(one.events),
        "audio": len(one.audio),
        **one.manifest,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(manifest, indent=1))
        archive.writestr("events.msgpack", _packed(one.events))
        if one.audio:
            archive.writestr("audio.msgpack", _packed(one.audio))
    return out.getvalue()


def unpack(data: bytes) -> SessionFile:
    """Return the content of a session file, given its bytes.

    Raises:
        NotASessionError: *data* is not a session file, is damaged, or of a later version.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(info.file_size for info in archive.infolist()) > MOST_BYTES:
                raise NotASessionError("it unpacks to more than 2 GiB")
            manifest = json.loads(archive.read("manifest.json"))
            if manifest.get("format") != FORMAT:
                raise NotASessionError("its manifest does not say aura-session")
            if manifest.get("version") != VERSION:
                raise NotASessionError(
                    f"it is of version {manifest.get('version')}; this Aura reads version {VERSION}"
                )
            events = _unpacked(archive.read("events.msgpack"))
            names = archive.namelist()
            audio = _unpacked(archive.read("audio.msgpack")) if "audio.msgpack" in names else []
        tenant, session = manifest["tenant"], manifest["session"]
    except DAMAGED as error:
        if isinstance(error, NotASessionError):
            raise
        raise NotASessionError("it is damaged, or no session file at all") from error
    _check(tenant, session, events, "ev")
    _check(tenant, session, audio, "rec")
    return SessionFile(tenant, session, events, audio, manifest)


def _check(tenant: str, session: str, messages: Sequence[Stored], flow: str) -> None:
    """Check that every message belongs to the tenant and session that the manifest names.

    Raises:
        NotASessionError: one does not, or the names are invalid.
    """
    own = ["aura", flow, tenant, session]
    if not (is_token(tenant) and is_token(session)):
        raise NotASessionError("its tenant or session id is none")
    for one in messages:
        parts = one.subject.split(".")
        if parts[:4] != own or len(parts) != 5 or not is_token(parts[4]):
            raise NotASessionError("it holds messages of another session")


def _packed(messages: Iterable[Stored]) -> bytes:
    return b"".join(
        msgpack.packb(
            [
                one.subject,
                {name: one.headers[name] for name in KEPT if name in one.headers},
                one.data,
                one.time,
            ]
        )
        for one in messages
    )


def _unpacked(data: bytes) -> list[Stored]:
    found = []
    unpacker = msgpack.Unpacker(io.BytesIO(data))
    for number, (subject, headers, payload, time) in enumerate(unpacker, 1):
        texts = (subject, time, *headers, *headers.values())
        if not all(isinstance(text, str) for text in texts) or not isinstance(payload, bytes):
            raise ValueError("not [subject, headers, bytes, time]")
        own = {name: value for name, value in headers.items() if name in KEPT}
        found.append(Stored(subject, number, payload, own, time))
    return found
