"""Which modules have a test file of their own: `python -m tests.own_tests` lists the others.

A module's own test file mirrors its path in `tests/unit`, or has its name in another folder and
imports it. ELSEWHERE, WITHOUT and TO_WRITE list all other modules, and
`tests/contract/test_own_tests.py` holds it.
"""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

from tests.sources import ROOT, python_files

SOURCES = ("schemas", "runtime", "edge", "workers", "aura", "deploy")
OTHER_KINDS = ("parts", "integration", "contract", "e2e")

ELSEWHERE: Mapping[str, str] = {
    "aura/cli/agents.py": "integration/test_agents.py",
    "aura/cli/agent_files/applied_files.py": "integration/test_agents.py",
    "aura/cli/calls.py": "integration/test_calls.py",
    "aura/cli/console/*.py": "integration/test_console.py",
    "aura/cli/dead.py": "integration/test_dead.py",
    "aura/cli/drive.py": "integration/test_replay.py",
    "aura/cli/evaluate.py": "integration/test_eval.py",
    "aura/cli/export.py": "integration/test_replay.py",
    "aura/cli/forget.py": "integration/test_replay.py",
    "aura/cli/replay.py": "integration/test_replay.py",
    "aura/cli/report.py": "integration/test_pages.py",
    "aura/cli/reporting/queries.py": "integration/test_pages.py",
    "aura/cli/sessions.py": "integration/test_sessions.py",
    "aura/cli/sip.py": "integration/test_sip.py",
    "aura/cli/sound/sound_card.py": "integration/test_talk.py",
    "aura/cli/tenants.py": "integration/test_tenants.py",
    "aura/cli/tools.py": "integration/test_tools.py",
    "aura/cli/up.py": "integration/test_up.py",
    "aura/client.py": "integration/test_python_client.py",
    "aura/replay/drive.py": "integration/test_replay.py",
    "aura/replay/recorded_stages.py": "unit/aura/replay/test_what_if.py",
    "aura/replay/recorded_tools.py": "unit/aura/replay/test_tools.py",
    "deploy/up.py": "integration/test_up.py",
    "edge/app.py": "integration/test_realtime.py",
    "edge/call/shell_phase.py": "unit/runtime/test_moves.py",
    "edge/core/hearing/echo*.py": "parts/test_echo.py",
    "edge/core/session/call_phase.py": "unit/runtime/test_moves.py",
    "edge/door/agents/agents.py": "integration/test_agents.py",
    "edge/door/agents/tool_catalogue.py": "unit/edge/door/opening/test_agent_tools.py",
    "edge/door/http/calls_api.py": "integration/test_calls.py",
    "edge/door/http/choices.py": "integration/test_choices.py",
    "edge/door/http/client_left.py": "integration/test_client_left.py",
    "edge/door/http/pages.py": "integration/test_pages.py",
    "edge/door/http/plain_errors.py": "integration/test_acceptor.py",
    "edge/door/http/realtime_*.py": "integration/test_realtime.py",
    "edge/door/http/speech_api.py": "integration/test_speech_api.py",
    "edge/door/http/tokens.py": "integration/test_tokens.py",
    "edge/door/http/twilio_voice.py": "unit/edge/door/twilio/test_calls.py",
    "edge/door/twilio/transfer.py": "unit/edge/door/twilio/test_calls.py",
    "edge/door/sip/line.py": "integration/test_sip.py",
    "edge/door/webrtc/*.py": "integration/test_webrtc.py",
    "edge/door/webrtc/port.py": "parts/test_webrtc_offers.py",
    "edge/protocols/asyncapi_payloads.py": "contract/test_asyncapi.py",
    "runtime/agents/store.py": "integration/test_agent_bucket.py",
    "runtime/bus/calls.py": "integration/test_calls.py",
    "runtime/bus/configurations.py": "integration/test_named_config.py",
    "runtime/bus/connection.py": "integration/test_bus.py",
    "runtime/bus/durable_subscription.py": "integration/test_subscribers.py",
    "runtime/bus/link_liveness.py": "integration/test_links.py",
    "runtime/bus/prompts.py": "integration/test_likely_prompts.py",
    "runtime/bus/reader.py": "integration/test_bus.py",
    "runtime/process/metrics.py": "parts/test_metrics_port.py",
    "runtime/sessions/file.py": "contract/test_session_file.py",
    "runtime/sessions/recorded_audio.py": "contract/test_session_file.py",
    "runtime/settings/*.py": "unit/runtime/test_settings.py",
    "runtime/tls.py": "integration/test_tls.py",
    "schemas/documents/asyncapi_*.py": "contract/test_bus_asyncapi.py",
    "schemas/client_messages.py": "contract/test_asyncapi.py",
    "schemas/events/*.py": "contract/test_events.py",
    "schemas/generate.py": "contract/test_events.py",
    "workers/analytics/shadow.py": "integration/test_shadow.py",
    "workers/engines/catalogue.py": "parts/test_model_download.py",
    "workers/engines/contract/*.py": "parts/test_engine_contract.py",
    "workers/engines/fetched.py": "parts/test_model_download.py",
    "workers/engines/files.py": "parts/test_weights.py",
    "workers/engines/hub.py": "parts/test_model_download.py",
    "workers/engines/llm/fallbacks.py": "parts/test_llm_fallbacks.py",
    "workers/engines/llm/openai_compatible.py": "parts/test_hosted_llm.py",
    "workers/engines/llm_factory.py": "unit/workers/engines/test_llm_choice.py",
    "workers/engines/pinned.py": "parts/test_weights.py",
    "workers/engines/stt/openai_rest.py": "parts/test_hosted_stt.py",
    "workers/engines/stt/whisper.py": "e2e/test_engines.py",
    "workers/engines/tts/openai_rest.py": "parts/test_hosted_tts.py",
    "workers/engines/tts/piper_streaming.py": "e2e/test_voice_parts.py",
    "workers/engines/tts/spoken/*.py": "unit/workers/engines/tts/test_spoken.py",
    "workers/engines/simulated.py": "parts/test_simulated_engines.py",
    "workers/stage_builders/*.py": "unit/workers/test_stage_builders.py",
    "workers/llm/tool_text_phase.py": "unit/runtime/test_moves.py",
    "workers/loop/turn_watch.py": "integration/test_fence.py",
    "workers/tools/backends.py": "integration/test_tool_runner.py",
    "workers/tools/mcp_gateway.py": "integration/test_mcp.py",
}
"""Modules, or patterns of them, and the test file that tests them under another name."""

WITHOUT: Mapping[str, str] = {
    "*/main.py": "a start of a process; tests/integration starts it",
    "aura/cli/edge.py": "a start of a process; tests/integration starts it",
    "aura/cli/operator_errors.py": "data: exceptions",
    "aura/cli/worker.py": "a start of a process; tests/integration starts it",
    "deploy/resources.py": "data: paths",
    "edge/call/client.py": "an interface",
    "edge/call/session_bus.py": "an interface",
    "edge/call/session_audio.py": "data: the parts that take a session's audio",
    "edge/core/messages/client_commands.py": "data: the types of commands",
    "edge/core/messages/client_events.py": "data: the types of events to clients",
    "edge/core/hearing/framing.py": "data: three constants",
    "edge/core/messages/inputs.py": "data: the types of inputs",
    "edge/core/session/current_config.py": "data: one attribute",
    "edge/door/transport.py": "an interface",
    "edge/door/connection/edge_services.py": "data: the services of an edge",
    "edge/door/refusal.py": "data: one exception",
    "edge/protocols/client_protocol.py": "an interface, tried by the tests of each protocol",
    "edge/sip_main.py": "a start of a process; integration/test_sip.py starts it",
    "runtime/bus/errors.py": "data: exceptions",
    "schemas/audio.py": "data: message types and constants",
    "schemas/prompts.py": "data: one message type",
    "schemas/tokens.py": "data: one grammar",
    "schemas/webhook_config.py": "data: one part of the configuration",
    "workers/analytics/counters.py": "data: declared metrics",
    "workers/loop/counters.py": "data: declared metrics",
    "workers/engines/errors.py": "data: exceptions",
    "workers/engines/protocols.py": "interfaces of engines",
    "workers/loop/job_target.py": "data: the target of a job, and two exceptions",
}
"""Modules, or patterns of them, that need no test file, and the reason."""

TO_WRITE: frozenset[str] = frozenset()
"""Modules whose own test file is still to be written; the list may only become shorter."""


def modules() -> list[str]:
    """Return the path of each module, without packages' `__init__.py`."""
    files = python_files(SOURCES)
    return sorted(str(file.relative_to(ROOT)) for file in files if file.name != "__init__.py")


def own_test(module: str) -> Path | None:
    """Return the test file of *module*, or None."""
    path = Path(module)
    mirrored = ROOT / "tests" / "unit" / path.parent / f"test_{path.name}"
    if mirrored.exists():
        return mirrored
    return next(_elsewhere_by_name(path), None)


def _elsewhere_by_name(path: Path) -> Iterator[Path]:
    package, name = ".".join(path.parent.parts), path.stem
    among = rf"(?:\([^)]*|[^\n(]*)\b{name}\b"
    imports = re.compile(rf"from {package}\.{name} import |from {package} import {among}")
    for kind in OTHER_KINDS:
        for file in (ROOT / "tests" / kind).rglob(f"test_{path.name}"):
            text = file.read_text(encoding="utf-8")
            if imports.search(text):
                yield file


def listed(module: str) -> bool:
    """Tell whether a list explains that *module* has no test file of its own."""
    return module in TO_WRITE or any(fnmatch(module, one) for one in (*ELSEWHERE, *WITHOUT))


def main() -> None:
    everything = modules()
    own = [module for module in everything if own_test(module)]
    elsewhere = [
        module
        for module in everything
        if module not in own and any(fnmatch(module, one) for one in ELSEWHERE)
    ]
    for module in everything:
        if module not in own and module not in elsewhere:
            print(module if listed(module) else f"{module}  (in no list)")  # noqa: T201  # it is a command
    print(  # noqa: T201  # the same
        f"{len(everything)} modules: {len(own)} with a test file of their own, "
        f"{len(elsewhere)} tested under another name"
    )


if __name__ == "__main__":
    main()
