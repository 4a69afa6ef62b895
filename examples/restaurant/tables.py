"""Two tools of the restaurant; its bookings are a JSON file.

aura tools serve examples/restaurant/tables.py
"""

import json
import os
import threading
from pathlib import Path
from typing import Any

from workers.tools import RefusedError, call, serve, tool

FILE = Path(os.environ.get("BOOKINGS", "bookings.json"))
SEATS = 20
"""At each hour of a day."""
OPEN = range(12, 22)
LOCK = threading.Lock()


def bookings() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(FILE.read_text("utf-8")) if FILE.exists() else []
    return found


def free(day: str, hour: int) -> int:
    """Return the seats that are free.

    Raises:
        RefusedError: the kitchen is closed then.
    """
    if day.lower() == "monday" or hour not in OPEN:
        raise RefusedError("closed then: we are open from 12 to 22, not on Mondays")
    taken = (one["guests"] for one in bookings() if (one["day"], one["hour"]) == (day, hour))
    return SEATS - sum(taken)


@tool(idempotent=True)
def find_table(day: str, hour: int) -> dict[str, int]:
    """Tell how many seats are free on a weekday at an hour from 0 to 23."""
    with LOCK:
        return {"seats_free": free(day.capitalize(), hour)}


@tool(idempotent=True)
def book_table(day: str, hour: int, guests: int, name: str) -> dict[str, Any]:
    """Book a table on a weekday at an hour from 0 to 23, for a number of guests under a name.

    Call it once the caller has said all four.
    """
    key, day = call().key, day.capitalize()
    with LOCK:
        known = bookings()
        if not any(one["key"] == key for one in known):  # a call that is made again books once
            if guests < 1 or free(day, hour) < guests:
                raise RefusedError("there is no table for so many then")
            known.append({"key": key, "day": day, "hour": hour, "guests": guests, "name": name})
            new = FILE.with_suffix(".new")
            new.write_text(json.dumps(known, indent=2), "utf-8")
            new.replace(FILE)
    return {"booked": True, "day": day, "hour": hour, "guests": guests, "name": name}


if __name__ == "__main__":
    serve()
