"""The bucket AURA_AGENTS: one key for each agent or tenant, with the newest 64 revisions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runtime.agents import file, tenant_file
from runtime.bus.connection import Bus
from runtime.bus.reader import Stored
from runtime.sessions import log
from schemas import subjects
from schemas.agent import Agent


@dataclass(frozen=True)
class FileKind:
    """A kind of file in the bucket: agent or tenant."""

    noun: str
    parse: Callable[[str], Any]
    """Parses a text of this kind, or raises ConfigFileError."""
    key: Callable[[str, str], str]
    """Returns the key for a tenant and a name."""
    keys: tuple[str, ...]
    """The key patterns of all files of this kind."""

    @property
    def command(self) -> str:
        """The command of `aura` that applies files of this kind."""
        return f"{self.noun}s"

    def subject(self, tenant: str, name: str) -> str:
        return f"{subjects.AGENTS}.{self.key(tenant, name)}"


AGENT = FileKind(file.AGENT_NOUN, file.parse, subjects.agent_key, ("tenant.>", "shared.>"))
TENANT = FileKind(
    tenant_file.TENANT_NOUN,
    tenant_file.parse,
    lambda _, name: subjects.tenant_key(name),
    ("tenants.>",),
)


class NotAppliedError(LookupError):
    """There is no agent or tenant of that name, or no such revision."""


@dataclass(frozen=True)
class Revision:
    """One text of an agent or a tenant, as it was applied."""

    tenant: str
    """The tenant that owns it; empty if all tenants share it."""
    name: str
    number: int
    """The bucket's sequence of this text, which names it for good."""
    time: str
    """RFC 3339, the server's clock."""
    text: str
    """The content of the file; empty if the agent or tenant was removed."""

    def agent(self) -> Agent:
        """Return the agent in this text.

        Raises:
            ConfigFileError: this version of Aura cannot read the text.
        """
        return file.parse(self.text)

    def __str__(self) -> str:
        return f"{self.name}@{self.number}"


def revision_of(stored: Stored) -> Revision:
    scope, *owner, name = ("", *stored.subject.removeprefix(f"{subjects.AGENTS}.").split("."))[-3:]
    tenant = "".join(owner) if scope == "tenant" else ""
    return Revision(tenant, name, stored.seq, stored.time, stored.data.decode(errors="replace"))


async def everything(bus: Bus) -> list[Stored]:
    """Return the newest revision of every agent and tenant; a removed one has an empty text.

    Raises:
        BusAwayError: the server does not answer, or has no such bucket.
    """
    return await _newest_of(bus, ">")


async def applied(bus: Bus, kind: FileKind = AGENT) -> list[Revision]:
    """Return the newest revision of each file of *kind* that was not removed.

    Raises:
        BusAwayError: the server does not answer, or has no such bucket.
    """
    newest_revisions = [
        revision_of(message) for keys in kind.keys for message in await _newest_of(bus, keys)
    ]
    return [revision for revision in newest_revisions if revision.text]


async def _newest_of(bus: Bus, keys: str) -> list[Stored]:
    names = await log.count(bus, subjects.AGENTS_STREAM, f"{subjects.AGENTS}.{keys}")
    return await bus.newest(list(names), subjects.AGENTS_STREAM)


async def history(bus: Bus, tenant: str, name: str, kind: FileKind = AGENT) -> list[Revision]:
    """Return the revisions of an agent, or another *kind*, oldest first.

    Raises:
        BusAwayError: the server does not answer.
    """
    stored = await bus.read(subjects.AGENTS_STREAM, kind.subject(tenant, name))
    return [revision_of(message) for message in stored]


async def newest(bus: Bus, tenant: str, name: str, kind: FileKind = AGENT) -> Revision | None:
    """Return the newest revision of an agent, or another *kind*, or None if there never was one.

    Raises:
        BusAwayError: the server does not answer.
    """
    wanted = {"last_by_subj": kind.subject(tenant, name)}
    stored = await bus.get(subjects.AGENTS_STREAM, wanted)
    return revision_of(stored) if stored else None


async def find(
    bus: Bus, tenant: str, name: str, number: int = 0, kind: FileKind = AGENT
) -> Revision:
    """Return revision *number* (0: the newest) of *tenant*'s agent *name*, or of the shared one.

    Files of another *kind* belong to no tenant and are not shared.

    Raises:
        NotAppliedError: there is none.
        BusAwayError: the server does not answer.
    """
    for owner in dict.fromkeys((tenant, "")):
        if number:
            stored = await bus.get(subjects.AGENTS_STREAM, {"seq": number})
            same = stored is not None and stored.subject == kind.subject(owner, name)
            revision = revision_of(stored) if stored and same else None
        else:
            revision = await newest(bus, owner, name, kind)
        if revision and revision.text:
            return revision
    which = f"{name}@{number}" if number else name
    advice = f"`aura {kind.command} list` says which there are"
    raise NotAppliedError(f"there is no {kind.noun} {which}: {advice}")


async def apply(
    bus: Bus, tenant: str, name: str, text: str, kind: FileKind = AGENT
) -> tuple[int, bool]:
    """Make *text* the newest revision; return its number and whether it changed anything.

    Raises:
        ConfigFileError: the text is not valid for its *kind*.
        FencedError: another revision was applied at the same time.
        BusAwayError: it was not stored.
    """
    kind.parse(text)
    now = await newest(bus, tenant, name, kind)
    if now and now.text == text:
        return now.number, False
    last = now.number if now else 0
    return await bus.put(kind.subject(tenant, name), text, last), True


async def remove(bus: Bus, tenant: str, name: str, kind: FileKind = AGENT) -> None:
    """Remove an agent, or another *kind*: new calls cannot use it, and its revisions stay.

    Raises:
        NotAppliedError: there is none.
        FencedError: another revision was applied at the same time.
        BusAwayError: it was not stored.
    """
    now = await newest(bus, tenant, name, kind)
    if now is None or not now.text:
        raise NotAppliedError(f"there is no {kind.noun} {name}")
    await bus.put(kind.subject(tenant, name), "", now.number, removed=True)
