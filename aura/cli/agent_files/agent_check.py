"""Checks agents and tenants for unknown names before they are applied."""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping

from msgspec import UNSET

from runtime import tool_file
from runtime.agents import file, store, tenant_file, yaml_tree
from runtime.agents.template import LEAST_AFTER_CHARS, chars_after_variable
from runtime.bus.connection import Bus
from runtime.bus.tool_services import EVERY_TENANT, served_tools
from runtime.settings import Settings
from schemas.agent import AgentTool
from schemas.languages import without_region
from schemas.tools import BUILT_IN, TRANSFER
from workers.tools.schema_check import flaw_of

_CODE = re.compile(r"auto|[A-Za-z]{2,3}(-[A-Za-z]{2,8})*")


async def unknown_names(
    bus: Bus, settings: Settings, tenant: str, texts: Mapping[str, str]
) -> list[str]:
    """Return one line for each unknown tool or agent that the agents in *texts* name.

    A known tool is served to *tenant* or to all tenants, described in the file AURA_TOOLS, or built
    in.

    Raises:
        BusAwayError: the server does not answer.
        SettingsError: the file of tools cannot be used.
    """
    served = await served_tools(bus)
    tools = {service.tool.name for service in served if service.tenant in {tenant, EVERY_TENANT}}
    if settings.tools and settings.tools != tool_file.DISCOVER:
        tools |= {tool.name for tool in tool_file.read(settings.tools)}
    agents = {revision.name for revision in await store.applied(bus)} | set(texts)
    lines = []
    for name, text in texts.items():
        agent, tree = file.parse(text), yaml_tree.read(text)
        for number, tool in enumerate(agent.tools or ()):
            if isinstance(tool, str) and tool not in {*tools, *BUILT_IN, TRANSFER}:
                known = _known_names(tool, tools | set(BUILT_IN))
                place = _place(name, tree, "tools", number)
                lines.append(f"{place}: nobody serves the tool {tool}: {known}")
        for number, other in enumerate(agent.transfer_to):
            if other not in agents:
                place = _place(name, tree, "transfer_to", number)
                lines.append(f"{place}: there is no agent {other}: {_known_names(other, agents)}")
    return lines


def flaws(texts: Mapping[str, str]) -> list[str]:
    """Return one line for each invalid part of the agents in *texts*."""
    lines = []
    for name, text in texts.items():
        agent, tree = file.parse(text), yaml_tree.read(text)
        if agent.language is not UNSET and not _CODE.fullmatch(agent.language):
            place = _place(name, tree, "language")
            lines.append(f"{place}: language: a code, such as de or pt-BR, or auto")
        for number, tool in enumerate(agent.tools or ()):
            if isinstance(tool, AgentTool) and (why := flaw_of(tool.parameters)):
                place = _place(name, tree, "tools", number, "parameters")
                lines.append(f"{place}: parameters of {tool.name} are no JSON Schema: {why}")
    return lines


def remarks(settings: Settings, texts: Mapping[str, str]) -> list[str]:
    """Return one line for each valid part of *texts* that may have a surprising effect."""
    checks = (_unknown_languages, _unsigned_webhooks, _early_variables)
    return [line for check in checks for line in check(settings, texts)]


def _unknown_languages(settings: Settings, texts: Mapping[str, str]) -> Iterator[str]:
    """Yield one line for each language that the built-in recogniser does not know."""
    from workers.engines.factory import stt_engine  # noqa: PLC0415  # `agents list` needs none

    if stt_engine(settings) != "whisper" or not settings.stt_model.endswith(".en"):
        return
    for name, text in texts.items():
        language = file.parse(text).language
        if language is not UNSET and without_region(language) != "en":
            yield (
                f"{_place(name, yaml_tree.read(text), 'language')}: the recogniser "
                f"{settings.stt_model} knows English only: run `aura models fetch base` and set "
                "AURA_STT_MODEL=base (docs/voices.md)"
            )


def _unsigned_webhooks(settings: Settings, texts: Mapping[str, str]) -> Iterator[str]:
    """Yield one line for each webhook address if the secret for webhooks is not set.

    The secret may still be set where the tool runners run.
    """
    for name, text in texts.items():
        agent, tree = file.parse(text), yaml_tree.read(text)
        signs = "is not set here: tool runners without it post nothing"
        hook = agent.webhook
        if hook is not UNSET and hook.url and not settings.webhook_secret.get_secret_value():
            yield f"{_place(name, tree, 'webhook')}: AURA_WEBHOOK_SECRET {signs} to the webhook"
        for number, tool in enumerate(agent.tools or ()):
            by_webhook = isinstance(tool, AgentTool) and tool.kind == "webhook"
            if by_webhook and not settings.tool_secret.get_secret_value():
                place = _place(name, tree, "tools", number)
                yield f"{place}: AURA_TOOL_SECRET {signs} to its target"


async def unknown_agents(
    bus: Bus, settings: Settings, tenant: str, texts: Mapping[str, str]
) -> list[str]:
    """Return one line for each tenant in *texts* whose default agent is not applied.

    Raises:
        BusAwayError: the server does not answer.
    """
    del settings, tenant
    applied = await store.applied(bus)
    lines = []
    for name, text in texts.items():
        wanted, tree = tenant_file.parse(text).agent, yaml_tree.read(text)
        known = {revision.name for revision in applied if revision.tenant in {"", name}}
        if wanted is not UNSET and wanted not in known:
            place = _place(name, tree, "agent")
            lines.append(f"{place}: there is no agent {wanted}: {_known_names(wanted, known)}")
    return lines


def _place(name: str, tree: yaml_tree.Tree, *path: str | int) -> str:
    """Return the line of *path* in the file of *name*, as `NAME.yaml:12`."""
    return f"{name}.yaml:{tree.lines[path]}"


def _known_names(wanted: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(wanted, list(known), n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    return f"{guess}there are {', '.join(sorted(known)) or 'none'}"


def _early_variables(settings: Settings, texts: Mapping[str, str]) -> Iterator[str]:
    """Yield one line for each long prompt that the built-in model reads anew for each call."""
    from workers.engines.llm_factory import llm_engine  # noqa: PLC0415  # `agents list` needs none

    if llm_engine(settings) != "local":
        return
    for name, text in texts.items():
        prompt, tree = file.parse(text).prompt, yaml_tree.read(text)
        if prompt is UNSET or (after := chars_after_variable(prompt)) < LEAST_AFTER_CHARS:
            continue
        yield (
            f"{_place(name, tree, 'prompt')}: {after} characters follow the first variable of "
            "the prompt, and are read anew for each call, which delays its first answer: put "
            "variables at the end (docs/agents.md)"
        )
