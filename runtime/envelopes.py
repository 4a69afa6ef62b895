"""Events as JSON for other systems, and the signature of a delivery. Pure.

Standard Webhooks (standardwebhooks.com): `{"type", "timestamp", "data"}`, and a signature over
`id.timestamp.body`. CloudEvents 1.0 (cloudevents.io): the JSON event format.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from schemas.events import Event, tag

SECRET_PREFIX = "whsec_"  # noqa: S105  # says that a secret follows

HOW_TO = (
    "it must be whsec_ and the base64 of 24 to 64 random bytes, shared with the receiver; make one "
    "with: echo whsec_$(openssl rand -base64 32)"
)


class SecretError(ValueError):
    """The text is no secret of Standard Webhooks."""


def timestamp(event: Event) -> str:
    """Return the time of *event* as RFC 3339, UTC, with ms."""
    at = datetime.fromtimestamp(event.at_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def fields(event: Event) -> dict[str, Any]:
    """Return the fields of *event* with its id, without its type."""
    event_fields: dict[str, Any] = msgspec.to_builtins(event)
    event_fields.pop("type")
    return {"id": event.id, **event_fields}


def standard(event: Event) -> bytes:
    """Return the body of *event* in the form that Standard Webhooks recommends."""
    kind = tag(event)
    return msgspec.json.encode({"type": kind, "timestamp": timestamp(event), "data": fields(event)})


def cloud_event(event: Event) -> bytes:
    """Return *event* as a CloudEvent, structured mode (`application/cloudevents+json`)."""
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": event.id,
            "source": f"/aura/{event.tenant}/{event.session}",
            "type": f"aura.{tag(event)}",
            "subject": event.session,
            "time": timestamp(event),
            "datacontenttype": "application/json",
            "data": fields(event),
        }
    )


def message_id(event: Event) -> str:
    """Return the `webhook-id`, which is the same for the same event and has no full stop."""
    return f"msg_{hashlib.sha256(event.id.encode()).hexdigest()[:32]}"


def keys(text: str) -> list[bytes]:
    """Return the keys in *text*: `whsec_<base64>`, or several of them separated by blanks.

    Raises:
        SecretError: a key is invalid; the message does not contain it.
    """
    decoded_keys = []
    for secret in text.split():
        try:
            key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
        except binascii.Error as error:
            raise SecretError("not base64") from error
        if not 24 <= len(key) <= 64:
            raise SecretError(f"{len(key)} bytes, not 24 to 64")
        decoded_keys.append(key)
    return decoded_keys


def signed(event: Event, body: bytes, secrets: Sequence[bytes], now_s: int) -> dict[str, str]:
    """Return the headers of a delivery of *body* at *now_s* (Unix seconds)."""
    identity = message_id(event)
    content = f"{identity}.{now_s}.".encode() + body
    macs = [hmac.new(key, content, hashlib.sha256).digest() for key in secrets]
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(now_s),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(mac).decode()}" for mac in macs),
    }
