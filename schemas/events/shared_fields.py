"""Fields that several messages have, with one meaning in all of them."""

from schemas.audio import Pcm
from schemas.events.event import StageName


class SharedFields:
    """The docstrings of shared fields: a message's field without a docstring has the one here."""

    turn: int
    """The number of the turn in its session, speculative turns included, from 1; 0: the greeting. A
    smaller number is stale."""
    step: int
    """The number of the step in its turn, from 0; each step after the first follows the results of
    tool calls."""
    call: int
    """The number of the tool call in its step, from 0."""
    index: int
    """The number of the sentence in its response, from 0, with the sentences of earlier steps."""
    utterance: int
    """The number of the utterance in its session, from 1; 0: there is none."""
    pause: int
    """The number of the pause in its utterance, from 1; 0: there is none."""
    speech_end_ms: int
    """Unix time, ms, of the last frame with speech; all latencies of the turn count from it."""
    model: str
    """The name of the model that did the work; empty: none did."""
    took_ms: float
    """Time from taking the job to this event, ms."""
    deadline_ms: int
    """Unix time, ms, after which the result is no longer needed."""
    recorded: tuple[StageName, ...]
    """Stages that a replay answers from the record; for their workers this event is no job."""
    played_ms: int
    """Audio of the response that was heard by now, ms; wait sounds count."""
    language: str
    """The spoken language: a Whisper code such as `en`, or `auto`."""
    voice: str
    """The name of the voice; empty: the TTS worker's default, for the language if it has one."""
    speed: float
    """Speed of speaking; 1.5 is half as fast again as the voice's own speed."""
    pcm: Pcm
    """PCM, mono, signed 16-bit little-endian, 16 000 Hz: 32 bytes are 1 ms."""
    user: str
    """The caller: the `sub` of the token, or `x` and a fingerprint of it if it is no token of
    subjects; `sip-...` and `CA...` are telephone calls."""
    protocol: str
    """The client protocol: `conversational`, `continuous`, `realtime`, `twilio` or `sip`; `speech`
    is a request over HTTP; other names may follow."""
    edge: str
    """The name of the edge that holds the call."""
    version: str
    """The version of Aura at the edge; empty: an older edge."""
    replay_of: str
    """The session that this one replays; empty for a real call."""
    system: str
    """The system prompt; empty: none."""
    tool_choice: str
    """`auto`: the model may call a tool; `required`: it must call one; or the name of the tool to
    call."""
