"""Subscribers: code that gets the events of calls and changes no call.

    from workers.analytics import subscriber

    @subscriber("transcript.final")
    async def on_words(event): ...

`aura worker analytics --module mine:on_words` runs it, `--module mine` all subscribers of the
module. docs/analytics.md has the rest.

Its errors, and what their callers do:

ValueError
└── SubscriberError         tell the operator: the subscriber cannot run (`subscribers.py`)
Exception
├── RetryLater              deliver the event again later (`subscribers.py`)
├── Postpone                call the handler again later, without a delivery (`subscribers.py`)
└── GiveUp                  deliver the event no more (`subscribers.py`)
"""

from workers.analytics.subscribers import (
    Context,
    GiveUp,
    RetryLater,
    Subscriber,
    SubscriberError,
    subscriber,
)

__all__ = ["Context", "GiveUp", "RetryLater", "Subscriber", "SubscriberError", "subscriber"]
