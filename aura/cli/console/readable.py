"""The words of a call that an operator may read: masked by AURA_REDACT, or none. Pure.

AURA_REDACT masks callers' words before they are stored. It is applied again here, so that older
recordings, and words that responses repeat, are masked as well.
"""

from collections.abc import Mapping
from typing import Any

from runtime.sessions.timeline import Moment
from runtime.text.redaction import Redaction

HIDDEN = "(hidden)"
PLAIN = frozenset(
    {
        *("type", "stage", "reason", "role", "kind", "by", "side", "action", "pause"),
        *("model", "wanted", "llm_model", "voice", "language", "name", "tool", "agent", "before"),
        *("user", "dialect", "edge", "version", "replay_of", "config_hash", "runner"),
        *("eagerness", "recorded", "command_id", "id", "key", "after", "call"),
    }
)
"""Fields whose texts are no words of a call; other text fields are hidden."""
WORDLESS = frozenset(
    {
        *("session.started", "session.resumed", "session.reconfigured", "session.ended"),
        *("agent.changed", "recording.consented", "recording.ended", "caller.idle"),
        *("speech.started", "speech.paused", "speech.continued", "speech.ended"),
        *("turn.taken", "turn.measured", "response.completed", "response.cancelled"),
        *("model.switched", "tool.begun", "speech.ready", "answer.reached", "answer.sent"),
        *("job.failed", "trouble.told", "control.spoken", "message.removed"),
        *("interruption.suspected", "interruption.stopped", "interruption.dismissed"),
    }
)
"""Moments whose description holds no words of a call."""
MOST_SHOWN_MESSAGES = 4
"""The messages of history that are shown of a turn; each turn repeats the earlier ones."""


class Readable:
    """Masks or hides words by the operator's settings."""

    def __init__(self, redaction: Redaction, *, words: bool) -> None:
        self._mask = redaction.mask
        self.words = words
        """Whether any words are shown."""
        self.sound = words and not redaction.rules
        """Whether sound may be heard; recorded sound cannot be masked."""

    def text(self, text: str) -> str:
        """Return the words *text*, masked or hidden."""
        return self._mask(text) if self.words else HIDDEN if text else ""

    def fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return an event's fields, masked or hidden, with long histories cut."""
        kept = dict(fields)
        if len(messages := kept.get("messages") or ()) > MOST_SHOWN_MESSAGES:
            kept["messages"] = messages[-MOST_SHOWN_MESSAGES:]
            kept["earlier_messages"] = len(messages) - MOST_SHOWN_MESSAGES
        for flat in ("settings", "rules"):  # `config` says the same
            kept.pop(flat, None)
        return {name: self._value(name, value) for name, value in kept.items()}

    def moment(self, moment: Moment) -> Moment:
        shown = moment.text if moment.name in WORDLESS else self.text(moment.text)
        return moment._replace(text=shown, fields=self.fields(moment.fields))

    def _value(self, name: str, value: Any) -> Any:
        match value:
            case str() if name not in PLAIN:
                return self.text(value)
            case Mapping():
                return {key: self._value(str(key), inner) for key, inner in value.items()}
            case list() | tuple():
                return [self._value(name, inner) for inner in value]
            case _:
                return value
