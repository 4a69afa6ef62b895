"""/api/agents: the agents, their revisions, and the changes of each."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from aura.cli.agent_files.agent_texts import changed, difference, labelled
from aura.cli.console.answers import Refused, json_answer
from aura.cli.console.state import CONSOLE
from runtime.agents import store
from runtime.agents.config_file import ConfigFileError
from runtime.agents.store import Revision
from schemas.subjects import is_token


def routes() -> list[web.RouteDef]:
    return [web.get("/api/agents", list_agents), web.get("/api/agents/{name}", show)]


async def list_agents(request: web.Request) -> web.Response:
    """Return the list of agents."""
    stored = await store.everything(request.app[CONSOLE].watcher.bus)
    shown = [revision for revision in map(store.revision_of, stored) if revision.text]
    shown.sort(key=lambda revision: (revision.tenant, revision.name))
    agents = [{**_head(revision), "about": _about(revision)} for revision in shown]
    return json_answer({"agents": agents})


async def show(request: web.Request) -> web.Response:
    """Return the revisions of an agent, newest first, each with its text and its changes."""
    name, tenant = request.match_info["name"], request.query.get("tenant", "")
    if not is_token(name) or not (tenant == "" or is_token(tenant)):
        raise Refused(404, "UNKNOWN_AGENT", "There is no such agent.")
    revisions = await store.history(request.app[CONSOLE].watcher.bus, tenant, name)
    if not revisions:
        raise Refused(404, "UNKNOWN_AGENT", "There is no such agent.")
    return json_answer({"name": name, "tenant": tenant, "revisions": listed(revisions)})


def listed(revisions: Sequence[Revision]) -> list[dict[str, Any]]:
    """Return the *revisions* of an agent, given oldest first, as JSON with the newest first."""
    before = Revision("", "", 0, "", "")
    answers: list[dict[str, Any]] = []
    for revision in revisions:
        lines = difference(labelled(before), labelled(revision)) if before.number else []
        answers.append(
            {
                **_head(revision),
                "changed": changed(before.text, revision.text),
                "text": revision.text,
                "difference": lines,
            }
        )
        before = revision
    return answers[::-1]


def _head(revision: Revision) -> dict[str, Any]:
    return {
        "name": revision.name,
        "tenant": revision.tenant,
        "revision": revision.number,
        "time": revision.time,
    }


def _about(revision: Revision) -> str:
    try:
        return revision.agent().description
    except ConfigFileError as error:
        return f"broken: {error}"
