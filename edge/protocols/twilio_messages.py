"""The messages over a Media Stream of Twilio, both ways: JSON with the type in `event`.

The names are Twilio's (twilio.com/docs/voice/media-streams/websocket-messages). Numbers are
strings, except the rate and the channels. Unused fields are left out.
"""

from typing import Annotated, Any

import msgspec

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class TwilioMessage(msgspec.Struct, frozen=True, tag_field="event", rename="camel"):
    """Any message."""


class Connected(TwilioMessage, frozen=True, tag="connected"):
    """The WebSocket is open; `start` follows."""


class MediaFormat(msgspec.Struct, frozen=True, rename="camel"):
    """The format of the samples."""

    encoding: str
    sample_rate: int
    channels: int


class StartDetails(msgspec.Struct, frozen=True, rename="camel"):
    """The call that begins."""

    call_sid: Id
    media_format: MediaFormat
    custom_parameters: dict[str, str] = {}
    """The `<Parameter>`s of the TwiML."""


class Start(TwilioMessage, frozen=True, tag="start"):
    """The stream begins."""

    stream_sid: Id
    start: StartDetails


class MediaDetails(msgspec.Struct, frozen=True):
    """A piece of audio."""

    payload: str
    """Base64, without a header."""
    track: str = "inbound"
    timestamp: str = ""
    """Time from the beginning of the stream, ms."""


class Media(TwilioMessage, frozen=True, tag="media"):
    """20 ms of the caller's audio."""

    media: MediaDetails


class DtmfDetails(msgspec.Struct, frozen=True):
    """A telephone key."""

    digit: str


class Dtmf(TwilioMessage, frozen=True, tag="dtmf"):
    """The caller pressed a key."""

    dtmf: DtmfDetails


class MarkDetails(msgspec.Struct, frozen=True):
    """A mark that this edge sent."""

    name: str


class Mark(TwilioMessage, frozen=True, tag="mark"):
    """All audio before the mark was played or cleared."""

    mark: MarkDetails


class Stop(TwilioMessage, frozen=True, tag="stop"):
    """The call, or the stream, is over."""


AnyMessage = Connected | Start | Media | Dtmf | Mark | Stop
_DECODER: msgspec.json.Decoder[AnyMessage] = msgspec.json.Decoder(AnyMessage)


def read(raw: str | bytes) -> AnyMessage | None:
    """Return the message in *raw*, or None if it is no documented message."""
    if isinstance(raw, bytes):
        return None
    try:
        return _DECODER.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None


# ---------------------------------------------------------------- to Twilio


class MessageToTwilio(msgspec.Struct, frozen=True, tag_field="event", rename="camel"):
    """Any message to Twilio."""

    stream_sid: str

    def as_json(self) -> dict[str, Any]:
        """Return the message as a dictionary, with Twilio's names."""
        fields: dict[str, Any] = msgspec.to_builtins(self)
        return fields


class SpokenAudio(msgspec.Struct, frozen=True):
    """A piece of audio to play."""

    payload: str
    """Base64 of mu-law, without a header."""


class PlayMedia(MessageToTwilio, frozen=True, tag="media"):
    """Play this audio after all audio before it."""

    media: SpokenAudio


class SetMark(MessageToTwilio, frozen=True, tag="mark"):
    """Return this mark once all audio before it was played or cleared."""

    mark: MarkDetails


class Clear(MessageToTwilio, frozen=True, tag="clear"):
    """Drop the audio that is not played yet."""
