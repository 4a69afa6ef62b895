"""The voice of a session, from who names it to the job that is spoken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from schemas.events import ResponseSentence, SessionStarted, TurnTaken
from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import calling
from tests.session_log import log_of

PATH = "/ws/voice/continuous?token=demo_token"
AGENT = """
prompt: You are a host.
greeting: Guten Tag!
language: de
voice:
  name: de_DE-thorsten-medium
  speed: 1.25
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    folder = tmp_path_factory.mktemp("voices")
    (folder / "agents").mkdir()
    (folder / "agents" / "german.yaml").write_text(AGENT)
    env = {
        **SIMULATED,
        "AURA_CALLER_VOICES": "amy",
        "AURA_MAX_SESSIONS_PER_USER": "50",
        "AURA_RECONNECTS_PER_MINUTE": "100",
    }
    aura = AuraProcess(folder, "--agents", str(folder / "agents"), env=env)
    try:
        yield aura.wait_until_ready()
    finally:
        assert aura.stop() == 0


Spoken = tuple[str, str, float]


async def call(of: AuraProcess, query: str) -> tuple[SessionStarted, list[Spoken], list[str]]:
    """Call, type a turn, and return the start, who spoke each job, and what was refused."""
    async with calling(of.url, PATH + query) as caller:
        session = (await caller.until("greeting"))["session"]
        await caller.send({"type": "text", "text": "Is there a table?"})
        await caller.until("ai_complete")
        refused = [str(one["details"]) for one in caller.told("error")]
        await caller.send({"type": "end_call"})
        await caller.ws.wait_closed()
    events = await log_of(of, session)
    began = next(one for one in events if isinstance(one, SessionStarted))
    jobs = [one for one in events if isinstance(one, ResponseSentence | TurnTaken)]
    return began, [(one.voice, one.language, one.speed) for one in jobs], refused


async def test_a_callers_voice_reaches_each_sentence(house: AuraProcess) -> None:
    began, spoken, refused = await call(house, "&voice=amy&language=fr")
    assert began.config.voice.name == "amy"
    assert len(spoken) >= 3  # the greeting, the turn, its sentences
    assert set(spoken) == {("amy", "fr", 1.0)}
    assert not refused


async def test_a_voice_that_is_not_for_callers_is_refused_and_said(house: AuraProcess) -> None:
    began, spoken, refused = await call(house, "&voice=bob")
    assert began.config.voice.name == ""
    assert set(spoken) == {("", "en", 1.0)}
    assert refused == ["callers may not ask for this voice here"]


async def test_an_agents_voice_reaches_each_sentence(house: AuraProcess) -> None:
    _, spoken, _ = await call(house, "&agent=german")
    assert set(spoken) == {("de_DE-thorsten-medium", "de", 1.25)}
