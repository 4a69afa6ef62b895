"""Cuts the caller's frames into utterances for the recogniser, and finds changes of speech.

A microphone that stops during an utterance counts as silence: missing frames are filled in.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from edge.core.hearing.framing import FRAME_MS, SILENCE
from edge.core.hearing.speech_detector import (
    CONTINUE_MS,
    SpeechChange,
    SpeechDetector,
    SpeechState,
)
from edge.core.hearing.utterance import (
    FRAMES_PER_MESSAGE,
    LONGEST_MS,
    Onset,
    Utterance,
)
from edge.core.messages.effects import SendAudio
from edge.core.messages.inputs import Sound
from schemas.audio import BYTES_PER_MS, AudioFrame
from schemas.session_config import TurnConfig

SLACK_MS = 250
"""The delay of a message after which its absence counts as silence."""
BREATH_MS = 300
"""The longest pause (a breath) across which voice is counted together."""
LONGEST_MESSAGE_MS = 2000
"""The longest audio of a live client's message, and so the longest wait for the next one."""
LONGEST_GAP_MS = 30_000
"""The most silence that stands for missing audio: a suspended machine misses hours of it, and no
pause decides anything later."""


class SegmentedFrame(NamedTuple):
    """What a frame has shown: a change of the caller's speech, or none."""

    at_ms: int
    """The end of the frame, Unix ms."""
    change: SpeechChange | None
    utterance: Utterance
    """The open utterance."""


class VoicedStretch(NamedTuple):
    """A stretch of voice without a pause longer than a breath."""

    voice_ms: int
    until_ms: int
    """Unix ms."""


class Segmenter:
    """Cuts one caller's frames into utterances, and sends them to the recogniser."""

    def __init__(
        self, config: TurnConfig, last_utterance: int, send: Callable[[SendAudio], None]
    ) -> None:
        """Number utterances from *last_utterance* on; *send* takes their audio."""
        self._last = last_utterance
        self._send_audio = send
        self._until_ms: int | None = None
        """The time of the last frame, Unix ms, or None before the first."""
        self._silent_from_ms = 0
        """The time at which the absence of a message becomes silence, Unix ms."""
        self._voiced_at_ms = 0
        self._before = VoicedStretch(0, 0)
        """The voice of the previous utterance, which may have been ended during a breath."""
        self._prefix: deque[bytes] = deque()
        self.utterance: Utterance | None = None
        self.configure(config)

    def configure(self, config: TurnConfig) -> None:
        """Use *config* from now on; an open utterance still ends by the old values."""
        self._onset_ms = config.min_speech_ms
        self.before_ms = max(config.prefix_ms, config.min_speech_ms, CONTINUE_MS)
        """The audio up to the start of an utterance that belongs to it, ms: all of its onset."""
        if self.utterance is None:
            self._detector = SpeechDetector(self._onset_ms)
        # audio before the onset belongs to the utterance: soft consonants are not voiced
        self._prefix = deque(self._prefix, maxlen=-(-self.before_ms // FRAME_MS))

    @property
    def paused(self) -> bool:
        """Whether the caller has paused in an utterance that is still open."""
        return self._detector.state is SpeechState.PAUSED

    @property
    def silence_ms(self) -> int:
        return self._detector.silence_ms

    @property
    def silent_from_ms(self) -> int | None:
        """The time at which the absence of audio becomes silence, Unix ms, or None for never."""
        if self.utterance is None or self._until_ms is None:
            return None
        # before the words are known, silence decides nothing
        frames = FRAMES_PER_MESSAGE if self.utterance.awaits_words else 1
        return max(self._silent_from_ms, self._until_ms + frames * FRAME_MS)

    @property
    def too_long(self) -> bool:
        """Whether the utterance has become too long."""
        return self.utterance is not None and self.utterance.audio_ms >= LONGEST_MS

    def segment(self, sound: Sound, now_ms: int) -> Iterator[SegmentedFrame]:
        """Yield what *sound* shows, which ends now."""
        if self.utterance and self.utterance.awaits_words:
            yield from self.wait(now_ms)
        self._until_ms = now_ms
        message_ms = sound.size_bytes // BYTES_PER_MS
        self._silent_from_ms = now_ms + min(message_ms, LONGEST_MESSAGE_MS) + SLACK_MS
        at_ms = now_ms - (len(sound.voiced) - 1) * FRAME_MS
        for frame, voiced in zip(sound.frames, sound.voiced, strict=True):
            change = self._detect(frame, at_ms, voiced=voiced)
            if change or self.utterance:  # most frames of a call have neither
                yield from self._follow(frame, at_ms, change)
            at_ms += FRAME_MS

    def wait(self, now_ms: int) -> Iterator[SegmentedFrame]:
        """Yield what the silence of a microphone shows that stopped during an utterance."""
        if self.utterance is None or self._until_ms is None or now_ms < self._silent_from_ms:
            return
        self._until_ms = max(self._until_ms, now_ms - LONGEST_GAP_MS)
        while self._until_ms + FRAME_MS <= now_ms:
            self._until_ms += FRAME_MS
            at_ms = self._until_ms
            yield from self._follow(SILENCE, at_ms, self._detect(SILENCE, at_ms, voiced=False))

    def pause(self, now_ms: int) -> Iterator[SegmentedFrame]:
        """Yield a pause that the client reports, though the detector still hears speech."""
        if self.utterance and not self.paused:
            self._voiced_at_ms = now_ms
            yield self._paused(self.utterance, now_ms, self._detector.pause())

    def end(self, ended: Utterance, *, final_pause: int) -> None:
        """End the open utterance: send its last message."""
        self.utterance = None
        self._before = VoicedStretch(ended.voice_ms, self._voiced_at_ms)
        silent = min(len(self._prefix), self.silence_ms // FRAME_MS)
        while len(self._prefix) > silent:  # voiced audio belongs to this utterance only
            self._prefix.popleft()
        self._detector = SpeechDetector(self._onset_ms)
        self._send_audio(SendAudio(ended.number, ended.end(final_pause)))

    def split(self, ended: Utterance, at_ms: int) -> Utterance:
        """End the open utterance at its last pause, and begin the next one with the audio since.

        *at_ms* is the end of the last frame, Unix ms. Returns the next utterance.
        """
        self._send_audio(SendAudio(ended.number, ended.end(ended.pause)))
        since = (at_ms - ended.speech_end_ms) // FRAME_MS
        self._last += 1
        self.utterance = Utterance(self._last, onset=Onset.SPLIT, voice_ms=CONTINUE_MS)
        for frame in list(self._prefix)[-since:]:
            self._send(self.utterance.add(frame))
        return self.utterance

    def _detect(self, frame: bytes, at_ms: int, *, voiced: bool) -> SpeechChange | None:
        self._prefix.append(frame)
        if voiced:
            self._voiced_at_ms = at_ms
        return self._detector.feed(voiced=voiced)

    def _begun(self, at_ms: int) -> Utterance:
        self._last += 1
        voice_ms = self._detector.onset_ms
        if at_ms - self._before.until_ms <= BREATH_MS + voice_ms:
            voice_ms += self._before.voice_ms
        return Utterance(self._last, voice_ms=voice_ms)

    def _follow(
        self, frame: bytes, at_ms: int, change: SpeechChange | None
    ) -> Iterator[SegmentedFrame]:
        if change is SpeechChange.STARTED:
            self.utterance = self._begun(at_ms)
            # the call decides before the utterance is sent
            yield SegmentedFrame(at_ms, change, self.utterance)
            for earlier in self._prefix:
                self._send(self.utterance.add(earlier))
            return
        if self.utterance is None:
            return
        if change is SpeechChange.CONTINUED:
            self.utterance.mark_continued()
            if at_ms - self.utterance.speech_end_ms > BREATH_MS + CONTINUE_MS:
                self.utterance.voice_ms = CONTINUE_MS - FRAME_MS
        if self._voiced_at_ms == at_ms:
            self.utterance.voice_ms += FRAME_MS
        self._send(self.utterance.add(frame))
        if change is SpeechChange.PAUSED:
            yield self._paused(self.utterance, at_ms, change)
        elif change or self.paused or self.too_long or self.utterance.over_response:
            yield SegmentedFrame(at_ms, change, self.utterance)

    def _paused(self, utterance: Utterance, at_ms: int, change: SpeechChange) -> SegmentedFrame:
        utterance.speech_end_ms = self._voiced_at_ms
        utterance.paused_ms = at_ms
        self._send(utterance.mark_pause())
        return SegmentedFrame(at_ms, change, utterance)

    def _send(self, message: AudioFrame | None) -> None:
        if message:
            self._send_audio(SendAudio(self._last, message))
