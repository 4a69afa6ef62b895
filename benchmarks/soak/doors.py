"""Trials: stock clients and telephones, while workers, edges and the bus are killed.

`make clients` installs the clients; the telephones are streamdouble, `sipp` and `baresip`.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from streamdouble import api, scenario
from streamdouble.session import SessionConfig

from benchmarks.recordings import buzz
from benchmarks.soak import processes
from benchmarks.soak.deaths import kill_every
from benchmarks.soak.trial import Scale, TrialOutcome, Trials, aura
from schemas import events as ev
from tests.caller import silence, wav
from tests.clients.edge import PYTHON, Edge, script
from tests.ports import free_ports
from tests.sip_caller import SCENARIO, telephone
from tests.sip_exchange import Exchange

KILL_EVERY_S = 4.0
AT_ONCE = ("openai_python.py", "agents_python.py", "livekit_python.py", "agents_node.mjs")
OVER_TLS = ("openai_node.mjs",)
ALONE = ("pipecat_python.py",)
QUESTIONS = 3
SPOKEN_S = 0.6
"""The length of the greeting and of each response: AURA_SIM_TTS_AUDIO_MS."""
THAT_COME_BACK = ("openai", "agents", "livekit")


@asynccontextmanager
async def _edge(*, tls: bool = False) -> AsyncIterator[Edge]:
    with tempfile.TemporaryDirectory(prefix="aura-doors-") as folder:
        edge = await asyncio.to_thread(lambda: Edge(Path(folder), tls=tls))
        try:
            await asyncio.to_thread(edge.aura.wait_until_ready)
            yield edge
        finally:
            await asyncio.to_thread(edge.aura.stop)


@asynccontextmanager
async def _dying(pid: int) -> AsyncIterator[list[int]]:
    """Kill a worker of `aura up` *pid* every few seconds; yield a list with the number of kills."""
    stop, kills = asyncio.Event(), list[int]()
    killing = asyncio.create_task(kill_every(pid, KILL_EVERY_S)(stop))
    try:
        yield kills
    finally:
        stop.set()
        kills.append(await killing)


async def _failure(edge: Edge, *command: str | Path) -> str:
    """Return why a client's script failed; empty: it succeeded."""
    try:
        outcome = await edge.told(*command)
    except (AssertionError, TimeoutError) as error:
        lines = str(error).strip().splitlines()
        return lines[-1][:200] if lines else "it did not come to its end"
    return str(outcome.get("errors") or outcome.get("wrong") or "")


async def clients(scale: Scale) -> TrialOutcome:
    """All scripts of tests/clients, while a worker dies every few seconds."""
    failed: dict[str, str] = {}
    kills, runs = 0, 0

    async def served(edge: Edge, name: str) -> None:
        nonlocal runs
        runs += 1
        runner = PYTHON if name.endswith(".py") else Path(shutil.which("node") or "node")
        if why := await _failure(edge, runner, script(name)):
            failed[name] = why

    for tls, groups in ((False, (AT_ONCE, ALONE)), (True, (OVER_TLS,))):
        async with _edge(tls=tls) as edge, _dying(edge.aura.process.pid) as killed:
            for _ in range(scale.times(2)):
                for names in groups:
                    await asyncio.gather(*(served(edge, name) for name in names))
        kills += killed[0]
    return TrialOutcome(not failed, {"kills": kills, "runs": runs, "failed": failed})


async def clients_edge(scale: Scale) -> TrialOutcome:
    """Clients that reconnect, each in its own way, after their edge was killed."""
    del scale
    ends: dict[str, Any] = {}
    async with _edge() as edge:
        for name in THAT_COME_BACK:
            asks = Path(f"{edge.speech}.{name}")
            running = asyncio.create_task(edge.told(PYTHON, script("edge_dies.py"), name))
            while not (running.done() or await asyncio.to_thread(asks.exists)):
                await asyncio.sleep(0.05)
            processes.of(edge.aura.process.pid)["edge"][0].kill()
            try:
                ends[name] = await running
            except AssertionError as error:
                ends[name] = {"failed": str(error).strip().splitlines()[-1][:200]}
    held = all(end.get("goes_on") and end.get("resumed", True) for end in ends.values())
    keys = ("lost", "resumed", "failed")
    short = {name: {key: end[key] for key in keys if key in end} for name, end in ends.items()}
    return TrialOutcome(held, {"kills": len(ends), "clients": short})


async def twilio(scale: Scale) -> TrialOutcome:
    """Calls of streamdouble, twelve at once, while workers die: each gets all its responses."""
    calls, rounds = 12, scale.times(3)
    reports: list[api.CallReport] = []
    with tempfile.TemporaryDirectory(prefix="aura-doors-") as folder:
        clip = Path(folder) / "voice.wav"
        clip.write_bytes(wav(buzz(700) + silence(100)))
        steps: list[Any] = [{"wait": 3}]
        for _ in range(QUESTIONS):
            steps += [{"say": str(clip)}, {"wait": 5}]
        script_ = scenario.parse({"name": "a call", "steps": [*steps, "hangup"]})
        config = SessionConfig(
            custom_parameters={"token": "demo_token"}, response_timeout_s=15, max_call_s=60
        )
        two = ("--stt", "2", "--llm", "2", "--tts", "2")
        async with aura(*two) as run, _dying(run.pid) as killed:
            url = run.urls[0].replace("http", "ws", 1) + "/twilio/media"
            for _ in range(rounds):
                scenarios = (api.run_scenario(url, script_, config=config) for _ in range(calls))
                reports += await asyncio.gather(*scenarios)
    violations = sum(report.result.violation_count for report in reports)
    silent = sum(not report.spoke for report in reports)
    early = sum(report.result.closed_early for report in reports)
    heard_s = sorted(len(report.result.audio_received) / 8000 for report in reports)
    figures = {
        "calls": len(reports),
        "kills": killed[0],
        "violations": violations,
        "silent": silent,
        "closed_early": early,
        "least_heard_s": round(heard_s[0], 1),
    }
    whole = heard_s[0] >= (1 + QUESTIONS) * SPOKEN_S - 0.05
    return TrialOutcome(whole and not (violations or silent or early), figures)


async def sip(scale: Scale) -> TrialOutcome:
    """A telephone with many questions, and `sipp`, while workers and the bus are killed."""
    calls = scale.times(60)
    with tempfile.TemporaryDirectory(prefix="aura-doors-") as name:
        folder = Path(name)
        exchange = Exchange(folder, AURA_SIP_MAX_CALLS="100")
        try:
            await asyncio.to_thread(exchange.start)
            pid = exchange.aura.process.pid
            asks = silence(1600) + (buzz(900) + silence(5100)) * 6
            async with telephone(folder / "ada", asks) as ada, _dying(pid) as killed:
                await ada.do("dial", f"sip:5551234@127.0.0.1:{exchange.port}")
                await ada.until("CALL_ESTABLISHED")
                served = asyncio.create_task(_sipp(exchange, folder, calls))
                await asyncio.sleep(12)
                processes.of(pid)["nats-server"][0].kill()
                wrong = await served
                await asyncio.sleep(max(0, 38 - calls / 4))
                await ada.do("hangup")
                over = await exchange.ended(folder, calls + 1)
        finally:
            await asyncio.to_thread(exchange.stop)
        broken = exchange.said().count("call_broken")
    asked = max(over, key=lambda events: sum(isinstance(e, ev.TurnCommitted) for e in events))
    figures = {
        "calls": len(over),
        "kills": killed[0],
        "sipp_failed": wrong,
        "broken": broken,
        "turns": sum(isinstance(event, ev.TurnCommitted) for event in asked),
        "answers_heard": sum(isinstance(event, ev.AnswerHeard) for event in asked),
    }
    return TrialOutcome(len(over) == calls + 1 and not (wrong or broken), figures)


async def _sipp(exchange: Exchange, folder: Path, calls: int) -> str:
    """Place *calls*, four a second; return why it failed."""
    (folder / "caller.xml").write_text(SCENARIO)
    process = await asyncio.create_subprocess_exec(
        "sipp", f"127.0.0.1:{exchange.port}", "-sf", str(folder / "caller.xml"), "-m", str(calls),
        "-r", "4", "-i", "127.0.0.1", "-p", str(free_ports()), "-s", "5551234", "-nostdin",
        "-timeout", "90", "-mp", str(free_ports(260)),
        cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, wrong = await asyncio.wait_for(process.communicate(), 120)
    return "" if process.returncode == 0 else wrong.decode(errors="replace")[-200:]


TRIALS: Trials = {
    "stock clients, a worker killed every 4 s": clients,
    "stock clients, kill -9 the edge": clients_edge,
    "telephones of Twilio, a worker killed every 4 s": twilio,
    "telephones by SIP, workers and bus killed": sip,
}
