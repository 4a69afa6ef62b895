"""Subscribers: code that is told of the events of calls, and changes no call.

    from workers.analytics import subscriber

    @subscriber("transcript.final")
    async def on_words(event): ...

`aura worker analytics --module mine:on_words` (or `--module mine`: all of a module) runs it.
docs/analytics.md has the rest.
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
