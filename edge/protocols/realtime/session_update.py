"""Updates of the session object: a deep merge, checked as a whole."""

from collections.abc import Mapping
from typing import Any

import msgspec

from edge.protocols.realtime.session_object import SessionObject
from edge.protocols.realtime.tools import read_tools
from edge.protocols.realtime.wire import RequestError, convert, invalid_value

BETA: Mapping[str, str] = {
    "voice": "audio.output.voice",
    "input_audio_format": "audio.input.format",
    "output_audio_format": "audio.output.format",
    "input_audio_transcription": "audio.input.transcription",
    "input_audio_noise_reduction": "audio.input.noise_reduction",
    "turn_detection": "audio.input.turn_detection",
    "max_response_output_tokens": "max_output_tokens",
    "speed": "audio.output.speed",
}
"""Names of the beta's flat session, and their paths now."""
OF_SERVER_VAD = frozenset({"threshold", "prefix_padding_ms", "silence_duration_ms"})


def updated(now: SessionObject, patch: object) -> SessionObject:
    """Return *now* with *patch*, the `session` of a client's event, merged into it deeply.

    Raises:
        RequestError: a value is invalid; then nothing is changed.
    """
    if not isinstance(patch, dict):
        reason = "Invalid type for 'session': expected an object."
        raise RequestError("invalid_type", reason, "session")
    for name, place in BETA.items():
        if name in patch:
            param = f"session.{name}"
            reason = f"Unknown parameter: '{param}' (of the beta). It is 'session.{place}' now."
            raise RequestError("unknown_parameter", reason, param)
    patch = {name: value for name, value in patch.items() if value is not None}
    if "modalities" in patch:  # the beta's name, which clients still use; it may list both
        patch.setdefault("output_modalities", patch["modalities"])
    if "tools" in patch:
        read_tools(patch["tools"], "session.tools")
    merged = _merged(msgspec.to_builtins(now), patch)
    found = _at(patch, "audio", "input", "turn_detection")
    if isinstance(found, dict):
        detection = _at(merged, "audio", "input", "turn_detection")
        if "type" not in found and OF_SERVER_VAD & found.keys():
            detection["type"] = "server_vad"
        detection.setdefault("type", "server_vad")
    session = convert(merged, SessionObject, "session")
    for side, form in (("input", session.input_format), ("output", session.output_format)):
        if form.rate not in {None, form.rate_hz}:
            param = f"session.audio.{side}.format.rate"
            raise invalid_value(param, f"{form.type} has {form.rate_hz} Hz.")
    return session


def _merged(old: Any, patch: Any) -> Any:
    """Return *old* with *patch*: objects are merged, other values replaced."""
    if not isinstance(old, dict) or not isinstance(patch, dict):
        return patch
    both = dict(old)
    for name, value in patch.items():
        both[name] = _merged(old.get(name), value)
    return both


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
