"""The next messages to one open page: state, events, the call that it watches. Pure.

A slow page costs a bounded amount of memory: the oldest events that wait for it are dropped, and
the page is told their number.
"""

from collections import deque
from typing import Any

Row = tuple[int, int, str, str, str, str, bool]
"""A row of the event stream: sequence, Unix ms, tenant, session, type, description, whether it is
an error."""
PageMessage = dict[str, Any]
MOST_SHOWN_ROWS = 300
MOST_ROWS_PER_CALL = 5000


class Viewer:
    """Collects messages for a page between two sends."""

    def __init__(self) -> None:
        self.watches = ""
        """The call that the page watches; empty: none."""
        self._state: PageMessage | None = None
        self._rows: deque[Row] = deque(maxlen=MOST_SHOWN_ROWS)
        self._left_out = 0
        self._read_to: int | None = None
        """The sequence up to which the call's history was sent, or None while it is read."""
        self._of_call: deque[tuple[int, PageMessage]] = deque(maxlen=MOST_ROWS_PER_CALL)
        self._history: PageMessage | None = None
        self._partial = ""

    def state(self, state: PageMessage) -> None:
        """Keep the changed parts of the state."""
        self._state = {**(self._state or {}), **state}

    def row(self, row: Row) -> None:
        self._left_out += len(self._rows) == MOST_SHOWN_ROWS
        self._rows.append(row)

    def watch(self, session: str) -> None:
        """Watch *session* from now on; `history` follows once it was read."""
        self.watches = session
        self._read_to = None
        self._of_call.clear()
        self._history, self._partial = None, ""

    def history(self, session: str, event: PageMessage, last: int) -> None:
        """Keep the events of *session* up to sequence *last* of the log, as *event*."""
        if session == self.watches:
            self._history, self._read_to = event, last

    def of_call(self, number: int, event: PageMessage) -> None:
        """Keep an event of the watched call, with the sequence *number* in the log."""
        if self._read_to is None or number > self._read_to:
            self._of_call.append((number, event))

    def grows(self, text: str) -> None:
        """Keep the partial transcript of the watched call."""
        self._partial = text

    def pop_messages(self) -> list[PageMessage]:
        """Return and clear the messages to be sent now."""
        messages: list[PageMessage] = []
        if self._state is not None:
            messages.append({"kind": "state", **self._state})
        if self._rows:
            messages.append({"kind": "rows", "rows": list(self._rows), "left_out": self._left_out})
        if self._history is not None:
            messages.append({"kind": "history", "session": self.watches, **self._history})
        if self._read_to is not None and self._of_call:
            fresh = [event for number, event in self._of_call if number > self._read_to]
            if fresh:
                messages.append({"kind": "call", "session": self.watches, "events": fresh})
            self._of_call.clear()
        if self._partial and self._read_to is not None:
            messages.append({"kind": "partial", "session": self.watches, "text": self._partial})
            self._partial = ""
        self._state, self._history, self._left_out = None, None, 0
        self._rows.clear()
        return messages
