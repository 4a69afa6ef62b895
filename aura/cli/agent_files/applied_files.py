"""Files kept by revision on the bus: the common part of `aura agents` and `tenants`."""

import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from aura.cli.agent_files.agent_texts import changed, difference, labelled, table_of
from aura.cli.running import CommandError
from runtime.agents import config_file, store
from runtime.agents.config_file import ConfigFileError
from runtime.bus.connection import Bus, connect
from runtime.bus.errors import FencedError
from runtime.settings import Settings, load
from runtime.text.printable import printable
from schemas.subjects import is_token

Check = Callable[[Bus, Settings, str, Mapping[str, str]], Awaitable[list[str]]]
"""Returns one line for each unknown name in the texts of a tenant."""


@dataclass(frozen=True)
class AppliedFiles:
    """The commands for files of one kind."""

    kind: store.FileKind
    check: Check
    flaws: Callable[[Mapping[str, str]], list[str]] = lambda _: []
    """Returns one line for each mistake that can be found without the bus."""
    remarks: Callable[[Settings, Mapping[str, str]], list[str]] = lambda _, __: []
    """Returns one line for each remark that is no mistake."""
    shared: str = ""
    """The tenant name shown for shared files; empty if the kind has no tenants."""

    def revision_named(self, name: str) -> tuple[str, int]:
        """Return the name and the revision (0: the newest) in `NAME[@REV]`.

        Raises:
            CommandError: the text has no such form.
        """
        bare, at, number = name.partition("@")
        if not is_token(bare) or (at and not (number.isdecimal() and int(number))):
            hint = f"`aura {self.kind.command} list` says which are"
            raise CommandError(f"{name!r} is no NAME or NAME@REV: {hint}")
        return bare, int(number or 0)

    @asynccontextmanager
    async def _bus(self) -> AsyncIterator[Bus]:
        """Yield a connection; a refusal of the bucket becomes a one-line error."""
        bus = await connect(load(), f"aura-{self.kind.command}")
        try:
            yield bus
        except FencedError as error:
            raise CommandError(
                "another revision was applied at the same time: see `history`"
            ) from error
        except (ConfigFileError, store.NotAppliedError) as error:
            raise CommandError(str(error)) from error
        finally:
            await bus.close()

    async def apply(self, paths: list[Path], tenant: str, *, check: bool) -> int:
        try:
            read = config_file.load_all(paths, self.kind.parse, self.kind.noun)
        except config_file.BrokenFilesError as error:
            for broken in error.errors:
                sys.stderr.write(f"aura: {printable(str(broken))}\n")
            return 1
        if flaws := self.flaws(read):
            sys.stderr.writelines(f"aura: {printable(line)}\n" for line in flaws)
            return 1
        sys.stderr.writelines(f"note: {printable(line)}\n" for line in self.remarks(load(), read))
        if check:
            print(f"{len(read)} good.")
            return 0
        async with self._bus() as bus:
            if unknown := await self.check(bus, load(), tenant, read):
                sys.stderr.writelines(f"aura: {printable(line)}\n" for line in unknown)
                return 1
            for name, text in read.items():
                number, is_new = await store.apply(bus, tenant, name, text, self.kind)
                print(f"{name}@{number} {'applied' if is_new else 'is in place'}")
        return 0

    async def tell_all(self, tenant: str, *, as_json: bool) -> int:
        async with self._bus() as bus:
            applied = await store.applied(bus, self.kind)
        shown = [revision for revision in applied if not tenant or revision.tenant in {"", tenant}]
        rows = []
        for revision in sorted(shown, key=lambda revision: (revision.tenant, revision.name)):
            try:
                about = str(self.kind.parse(revision.text).description)
            except ConfigFileError as error:
                about = f"broken: {error}"
            rows.append((revision, about))
        if as_json:
            listed = [
                {
                    "name": revision.name,
                    **({"tenant": revision.tenant} if self.shared else {}),
                    "revision": revision.number,
                    "time": revision.time,
                    "about": about,
                }
                for revision, about in rows
            ]
            sys.stdout.write(json.dumps(listed) + "\n")
            return 0
        if not rows:
            print(f"No {self.kind.noun} is applied: calls are set as `aura settings` says.")
            return 0
        Console(markup=False, emoji=False).print(table_of(rows, self.shared))
        return 0

    async def show(self, name: str, tenant: str) -> int:
        async with self._bus() as bus:
            revision = await store.find(bus, tenant, *self.revision_named(name), self.kind)
        for line in revision.text.splitlines():
            print(printable(line))
        return 0

    async def diff(self, first: str, second: str, tenant: str) -> int:
        async with self._bus() as bus:
            if second:
                before = await self._side(bus, first, tenant)
                after = await self._side(bus, second, tenant)
            elif _is_file(first):
                after = await self._side(bus, first, tenant)
                newest = await store.newest(bus, tenant, Path(first).stem, self.kind)
                before = labelled(newest) if newest else ("not applied", "")
            else:
                name, number = self.revision_named(first)
                texts = await store.history(bus, tenant, name, self.kind)
                if not number and len(texts) > 1:
                    number = texts[-2].number
                before = labelled(await store.find(bus, tenant, name, number, self.kind))
                after = labelled(await store.find(bus, tenant, name, 0, self.kind))
        lines = difference(before, after)
        for line in lines:
            print(printable(line))
        return 1 if lines else 0

    async def _side(self, bus: Bus, named: str, tenant: str) -> tuple[str, str]:
        """Return the label and the text of one side of a comparison."""
        if _is_file(named):
            return named, config_file.load(Path(named), self.kind.parse, self.kind.noun)[1]
        return labelled(await store.find(bus, tenant, *self.revision_named(named), self.kind))

    async def history(self, name: str, tenant: str) -> int:
        async with self._bus() as bus:
            revisions = await store.history(bus, tenant, name, self.kind)
        if not revisions:
            hint = f"`aura {self.kind.command} list` says which there are"
            raise CommandError(f"there is no {self.kind.noun} {name}: {hint}")
        older = ["", *(revision.text for revision in revisions)]
        for before, revision in reversed(list(zip(older, revisions, strict=False))):
            print(printable(f"{revision}  {revision.time[:19]}Z  {changed(before, revision.text)}"))
        return 0

    async def rollback(self, named: str, tenant: str) -> int:
        name, number = self.revision_named(named)
        command = f"aura {self.kind.command}"
        async with self._bus() as bus:
            if not number:
                known = await store.history(bus, tenant, name, self.kind)
                older = [revision for revision in known[:-1] if revision.text]
                if not older:
                    raise CommandError(f"{name} has no revision before: `{command} history {name}`")
                number = older[-1].number
            wanted = await store.find(bus, tenant, name, number, self.kind)
            if wanted.tenant != tenant:
                raise CommandError(f"{wanted} is one that all tenants share: leave out --tenant")
            now, is_new = await store.apply(bus, tenant, name, wanted.text, self.kind)
        print(f"{name}@{now} is {wanted} again" if is_new else f"{name}@{now} is in place")
        return 0

    async def remove(self, name: str, tenant: str) -> int:
        async with self._bus() as bus:
            await store.remove(bus, tenant, self.revision_named(name)[0], self.kind)
        back = f"`aura {self.kind.command} rollback {name}` brings it back."
        print(f"{name} is removed: {back}")
        return 0


def _is_file(text: str) -> bool:
    return "/" in text or text.endswith((".yaml", ".yml"))
