"""Calls in which a question was asked, or is being answered."""

from __future__ import annotations

from typing import Any

from schemas.session_config import Delivery
from tests.unit.edge.core.rehearsal import Rehearsal

QUESTION = "What is the capital of France?"


def asked(delivery: Delivery = "chunks", **rules: Any) -> Rehearsal:
    """A caller who asked a question and fell silent long enough."""
    r = Rehearsal(delivery, **rules)
    r.says(800, QUESTION)
    return r


def answered(delivery: Delivery = "chunks") -> Rehearsal:
    r = asked(delivery)
    r.quiet(600)
    r.answers("It is Paris.", "Do you want to go there?")
    r.speaks(0, 1000)
    r.speaks(1, 1000)
    return r
