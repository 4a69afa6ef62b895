"""The audio of a session: how it is prepared, recorded, and kept to be sent again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from edge.call.audio_sender import next_round
from edge.call.recording_writer import RecordingWriter
from edge.core.hearing.caller_audio import CallerAudio
from runtime.common_share import ShareAccount


@dataclass(frozen=True)
class SessionAudio:
    """What takes the audio of one session on one connection."""

    caller: CallerAudio = field(default_factory=CallerAudio)
    """Prepares the caller's audio for the call."""
    recording: RecordingWriter | None = None
    """Stores the audio of both sides; None: it is not recorded."""
    memory: ShareAccount | None = None
    """The room for the caller's audio that may be sent to STT again; None: see `AudioSender`."""
    wait_to_resend: Callable[[], Awaitable[None]] = next_round
    """Waits until some of that audio may be sent again."""
