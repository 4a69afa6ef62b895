"""/api/calls: lists, draws, plays, compares, re-decides and exports recorded calls."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from aura.cli.console import finished, sound
from aura.cli.console.answers import Refused, json_answer
from aura.cli.console.sound import SessionRecording
from aura.cli.console.state import CONSOLE, MOST_SOUNDS, Console, session_of
from aura.cli.decide import Try, judge
from aura.cli.running import CommandError
from edge.call.clock import now_ms
from runtime.bus.reader import Stored
from runtime.sessions import transfer
from runtime.sessions.file import pack
from runtime.sessions.finding import decoded, sessions
from runtime.sessions.listing import ListedSession, SessionFilter, folded
from runtime.sessions.timeline import moments
from schemas import subjects
from schemas.events import AnyEvent

MOST_LISTED_CALLS = 500
NO_SUCH = "No such call is recorded, or nothing of it can be read by this version of Aura."


def routes() -> list[web.RouteDef]:
    return [
        web.get("/api/calls", list_calls),
        web.get("/api/calls/{id}", show),
        web.get("/api/calls/{id}/sound.wav", play),
        web.get("/api/calls/{id}/export.aura", export),
        web.get("/api/calls/{id}/decide", decide),
        web.get("/api/calls/{id}/with/{other}", compare),
    ]


async def list_calls(request: web.Request) -> web.Response:
    """Return the recorded calls that match the query, newest or slowest first."""
    console, query = request.app[CONSOLE], request.query
    rows = await sessions(console.watcher.bus, wanted(query, time.time()))
    if query.get("only") == "slow":
        rows.sort(key=lambda row: row.slowest_ms or 0.0, reverse=True)
    if part := query.get("id", ""):
        rows = [row for row in rows if part in row.session]
    listed = [row.as_json() for row in rows[:MOST_LISTED_CALLS]]
    return json_answer({"calls": listed, "found": len(rows)})


def wanted(query: Mapping[str, str], now_s: float) -> SessionFilter:
    """Return the filter in the query.

    Raises:
        Refused: a value is invalid.
    """
    only = query.get("only", "")
    if only not in {"", "errors", "slow", "interrupted"}:
        raise Refused(400, "BAD_REQUEST", "`only` is errors, slow or interrupted.")
    try:
        hours = float(query.get("hours") or 0)
        if not 0 <= hours < 1e6:
            raise ValueError
    except ValueError:
        raise Refused(400, "BAD_REQUEST", "`hours` is a number, such as 1 or 24.") from None
    return SessionFilter(
        tenant=query.get("tenant", ""),
        user=query.get("user", ""),
        since_ms=int((now_s - hours * 3600) * 1000) if hours else 0,
        errors=only == "errors",
        slow_ms=1.0 if only == "slow" else None,
        interrupted=only == "interrupted",
    )


async def show(request: web.Request) -> web.Response:
    """Return all that the page needs to draw a call."""
    console, session = request.app[CONSOLE], session_of(request)
    row, events = await _read(console, session)
    recorded: Sequence[Stored] = []
    if console.readable.sound:
        subject = subjects.recording(row.tenant, session)
        recorded = await console.watcher.bus.read(subjects.RECORDING_STREAM, subject)

    def drawn() -> dict[str, Any]:
        shown = finished.drawn(row, moments(events), console.readable)
        return {**shown, **sound.waves(recorded, row.started_at_ms)}

    answer = await asyncio.to_thread(drawn)
    recording = await _recording_of(console, session, recorded)
    offset_ms = recording.from_ms - row.started_at_ms if recording else 0
    return json_answer({**answer, "sound": {"offset_ms": offset_ms} if recording else None})


async def play(request: web.Request) -> web.Response:
    """Send the recorded sound, or the requested range of it."""
    console, session = request.app[CONSOLE], session_of(request)
    console.sound_wanted()
    recording = console.sounds.get(session)
    if recording is None:
        subject = subjects.recording("*", session)
        stored = await console.watcher.bus.read(subjects.RECORDING_STREAM, subject)
        recording = await _recording_of(console, session, stored)
    if recording is None:
        raise Refused(404, "NO_SOUND", "No sound of this call was recorded.")
    size, headers = len(recording.wav), {"Accept-Ranges": "bytes", "Cache-Control": "no-store"}
    try:
        part = sound.byte_range(request.headers.get("Range", ""), size)
    except ValueError:
        headers["Content-Range"] = f"bytes */{size}"
        return web.Response(status=416, headers=headers)
    if part is None:
        return web.Response(body=recording.wav, content_type="audio/wav", headers=headers)
    begin, end = part
    headers["Content-Range"] = f"bytes {begin}-{end}/{size}"
    body = memoryview(recording.wav)[begin : end + 1]
    return web.Response(status=206, body=bytes(body), content_type="audio/wav", headers=headers)


async def export(request: web.Request) -> web.Response:
    """Send the call as a session file, with its sound if it may be heard."""
    console, session = request.app[CONSOLE], session_of(request)
    console.words_wanted()
    file = await transfer.export(console.watcher.bus, session, audio=console.readable.sound)
    if file is None:
        raise Refused(404, "UNKNOWN_CALL", NO_SUCH)
    body = await asyncio.to_thread(pack, file)
    name = f'attachment; filename="{session}.aura"'
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return web.Response(body=body, content_type="application/octet-stream", headers=headers)


async def decide(request: web.Request) -> web.Response:
    """Decide the call again, perhaps at another eagerness; return the differences."""
    console, session = request.app[CONSOLE], session_of(request)
    console.words_wanted()
    _, events = await _read(console, session)
    again = Try(eagerness=request.query.get("eagerness", ""))
    async with console.working:
        try:
            verdict = await asyncio.to_thread(judge, session, events, again)
        except CommandError:
            raise Refused(400, "BAD_REQUEST", "`eagerness` is low, auto or high.") from None
    differences = verdict.as_json()
    for row in differences["differences"] or ():
        row.update({side: console.readable.text(row[side]) for side in ("recorded", "now")})
    return json_answer(differences)


async def compare(request: web.Request) -> web.Response:
    """Return two calls, and their turns in pairs."""
    console, ids = request.app[CONSOLE], (session_of(request), request.match_info["other"])
    if not subjects.is_token(ids[1]):
        raise Refused(404, "UNKNOWN_CALL", "That is no id of a call.")
    sides = [await _read(console, session) for session in ids]
    readable = console.readable

    def drawn() -> dict[str, Any]:
        stories = [(row, moments(events)) for row, events in sides]
        pairs = finished.side_by_side(
            *(finished.turns(timeline, readable) for _, timeline in stories)
        )
        shown = [finished.drawn(row, timeline, readable) for row, timeline in stories]
        return {"calls": shown, "turns": pairs}

    return json_answer(await asyncio.to_thread(drawn))


async def _read(console: Console, session: str) -> tuple[ListedSession, list[AnyEvent]]:
    """Return a call from the log.

    Raises:
        Refused: there is no such call.
        BusAwayError: the server does not answer.
    """
    events = decoded(await console.watcher.bus.session_events(session))
    row = folded(events, now_ms())
    if row is None:
        raise Refused(404, "UNKNOWN_CALL", NO_SUCH)
    return row, events


async def _recording_of(
    console: Console, session: str, stored: Sequence[Stored]
) -> SessionRecording | None:
    """Return the sound of a call, and cache it, since browsers request it in ranges."""
    recording = await asyncio.to_thread(SessionRecording.of, stored)
    console.sounds.pop(session, None)
    if recording:
        console.sounds[session] = recording
        while len(console.sounds) > MOST_SOUNDS:
            del console.sounds[next(iter(console.sounds))]
    return recording
