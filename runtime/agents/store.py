"""The bucket AURA_AGENTS: an agent's file a key, each revision kept, 64 of an agent at most."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.agents import file
from runtime.bus.connection import Bus
from runtime.bus.reader import Stored
from runtime.sessions import log
from schemas import subjects
from schemas.agent import Agent


class NoSuchAgentError(LookupError):
    """There is no agent of that name, or no such revision of it."""


@dataclass(frozen=True)
class Revision:
    """One text of an agent, as it was applied."""

    tenant: str
    """Whose it is; empty: all tenants'."""
    name: str
    number: int
    """The bucket's sequence of this text, which names it for good."""
    time: str
    """RFC 3339, the server's clock."""
    text: str
    """The file; empty: the agent was removed."""

    def agent(self) -> Agent:
        """Return the agent that it describes.

        Raises:
            AgentFileError: this version of Aura cannot read it.
        """
        return file.parse(self.text)

    def __str__(self) -> str:
        return f"{self.name}@{self.number}"


def revision_of(stored: Stored) -> Revision:
    scope, *whose, name = ("", *stored.subject.removeprefix(f"{subjects.AGENTS}.").split("."))[-3:]
    tenant = "".join(whose) if scope == "tenant" else ""
    return Revision(tenant, name, stored.seq, stored.time, stored.data.decode(errors="replace"))


def _subject(tenant: str, name: str) -> str:
    return f"{subjects.AGENTS}.{subjects.agent_key(tenant, name)}"


async def everything(bus: Bus) -> list[Stored]:
    """Return the newest revision of every agent; one that was removed is empty.

    Raises:
        BusAwayError: the server does not answer, or has no such bucket.
    """
    names = await log.count(bus, subjects.AGENTS_STREAM, f"{subjects.AGENTS}.>")
    return await bus.newest(list(names), subjects.AGENTS_STREAM)


async def history(bus: Bus, tenant: str, name: str) -> list[Revision]:
    """Return the revisions of an agent, oldest first.

    Raises:
        BusAwayError: the server does not answer.
    """
    stored = await bus.read(subjects.AGENTS_STREAM, _subject(tenant, name))
    return [revision_of(one) for one in stored]


async def newest(bus: Bus, tenant: str, name: str) -> Revision | None:
    """Return the newest revision of an agent; None: there never was one.

    Raises:
        BusAwayError: the server does not answer.
    """
    stored = await bus.get(subjects.AGENTS_STREAM, {"last_by_subj": _subject(tenant, name)})
    return revision_of(stored) if stored else None


async def find(bus: Bus, tenant: str, name: str, number: int = 0) -> Revision:
    """Return revision *number* (0: the newest) of *tenant*'s agent *name*, or of the shared one.

    Raises:
        NoSuchAgentError: there is none.
        BusAwayError: the server does not answer.
    """
    for whose in dict.fromkeys((tenant, "")):
        if number:
            stored = await bus.get(subjects.AGENTS_STREAM, {"seq": number})
            same = stored is not None and stored.subject == _subject(whose, name)
            found = revision_of(stored) if stored and same else None
        else:
            found = await newest(bus, whose, name)
        if found and found.text:
            return found
    which = f"{name}@{number}" if number else name
    raise NoSuchAgentError(f"there is no agent {which}: `aura agents list` says which there are")


async def apply(bus: Bus, tenant: str, name: str, text: str) -> tuple[int, bool]:
    """Make *text* the newest revision; return its number and whether it changed anything.

    Raises:
        AgentFileError: it is no agent.
        FencedError: somebody else has just applied another one.
        BusAwayError: it was not stored.
    """
    file.parse(text)
    now = await newest(bus, tenant, name)
    if now and now.text == text:
        return now.number, False
    last = now.number if now else 0
    return await bus.put(_subject(tenant, name), text, last), True


async def remove(bus: Bus, tenant: str, name: str) -> None:
    """Take an agent away from the next calls; its revisions stay.

    Raises:
        NoSuchAgentError: there is none.
        FencedError: somebody else has just applied another one.
        BusAwayError: it was not stored.
    """
    now = await newest(bus, tenant, name)
    if now is None or not now.text:
        raise NoSuchAgentError(f"there is no agent {name}")
    await bus.put(_subject(tenant, name), "", now.number, removed=True)
