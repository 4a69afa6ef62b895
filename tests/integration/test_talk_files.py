"""The talk page's files as the edge serves them: small, strict, from here alone."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message

import jwt
import pytest

from edge.door.http.pages import PAGE_FILES
from tests.aura_process import COMMAND, SIMULATED, AuraProcess

LIMIT_BYTES = 200_000


class Unmoved(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def get(url: str, **headers: str) -> tuple[int, bytes, Message]:
    asked = urllib.request.Request(url, headers=headers)  # noqa: S310  # ours
    try:
        with urllib.request.build_opener(Unmoved).open(asked, timeout=5) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


def test_a_browser_is_sent_to_the_page_and_a_program_gets_the_documented_json(
    simulated: AuraProcess,
) -> None:
    status, _, headers = get(
        simulated.url + "/", Accept="text/html,application/xhtml+xml,*/*;q=0.8"
    )
    assert (status, headers["Location"]) == (302, "talk")
    for accept in ("*/*", "application/json"):
        status, body, headers = get(simulated.url + "/", Accept=accept)
        assert status == 200
        assert json.loads(body)["message"] == "Conversational AI Backend is running"
        assert headers["Vary"] == "Accept"


def test_the_page_is_small_and_needs_nothing_from_elsewhere(simulated: AuraProcess) -> None:
    total = 0
    for path in ("/talk", *(f"/talk/{name}" for name in PAGE_FILES)):
        status, body, headers = get(simulated.url + path)
        assert status == 200, path
        total += len(body)
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "connect-src 'self';" in policy
        known = re.sub(rb"http://www\.w3\.org/2000/svg|https?://localhost:8000", b"", body)
        assert not re.search(rb"(src|href|import|url\()[^\n]{0,9}(https?:)?//", known), path
        status, body, _ = get(simulated.url + path, **{"If-None-Match": headers["ETag"]})
        assert (status, body) == (304, b""), path
    assert total < LIMIT_BYTES


def test_no_script_or_style_stands_in_the_page(simulated: AuraProcess) -> None:
    page = get(simulated.url + "/talk")[1].decode()
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", page)


def test_the_demo_token_is_told_while_debug_is_on(simulated: AuraProcess) -> None:
    told = json.loads(get(simulated.url + "/talk/config.json")[1])
    assert told["token"] == "demo_token"
    assert told["sample_rate"] == 16000


SECRET = "a secret that is long enough for HS256"
AGENTS = {
    "": {"host": "description: For all\nlanguage: de\ncallers: {may_set: [voice]}"},
    "acme": {"cook": "prompt: Cook.", "boss": "callers: {may_choose: false}"},
    "other": {"theirs": "prompt: Theirs."},
}


def token(**claims: object) -> dict[str, str]:
    told = {"sub": "ann", "exp": int(time.time()) + 300, "tenant": "acme", **claims}
    return {"Authorization": f"Bearer {jwt.encode(told, SECRET, 'HS256')}"}


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    aura = AuraProcess(
        tmp_path_factory.mktemp("closed"),
        env={
            **SIMULATED,
            "DEBUG": "false",
            "AURA_JWT_SECRET": SECRET,
            "NEXT_PUBLIC_API_URL": "https://api.example",
            "NEXT_PUBLIC_WS_URL": "wss://voice.example/ws",
            "NEXT_PUBLIC_SAMPLE_RATE": "24000",
            "NEXT_PUBLIC_DEBUG": "false",
            "AURA_STT_MODEL": "base",
            "AURA_API_REQUESTS_PER_MINUTE": "10",
            "AURA_CALLER_VOICES": "amy, de_DE-thorsten-medium",
        },
    )
    try:
        aura.wait_until_ready()
        for tenant, names in AGENTS.items():
            folder = tmp_path_factory.mktemp("agents")
            for name, text in names.items():
                (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
            whose = ["--tenant", tenant] if tenant else []
            apply = [*COMMAND, "agents", "apply", str(folder), *whose]
            subprocess.run(apply, env=aura.env, check=True, capture_output=True, timeout=30)
        yield aura
    finally:
        aura.stop()


def test_the_documented_variables_configure_the_page(closed: AuraProcess) -> None:
    told = json.loads(get(closed.url + "/talk/config.json")[1])
    assert told["token"] == ""
    assert told["api_url"] == "https://api.example"
    assert told["ws_url"] == "wss://voice.example/ws"
    assert (told["sample_rate"], told["debug"]) == (24000, False)
    assert told["languages"]["de"] == "Deutsch"
    policy = get(closed.url + "/talk")[2]["Content-Security-Policy"]
    assert "connect-src 'self' https://api.example wss://voice.example;" in policy


def test_whoever_has_a_token_is_told_its_choices_and_no_other_tenants(closed: AuraProcess) -> None:
    url = closed.url + "/talk/choices.json"
    told = json.loads(get(url, **token())[1])
    assert [(one["name"], one["about"]) for one in told["agents"]] == [
        ("", ""),
        ("cook", ""),
        ("host", "For all"),
    ]
    host = told["agents"][2]
    assert (host["language"], host["may_set"]) == ("de", ["voice"])
    assert told["voices"] == ["amy", "de_DE-thorsten-medium"]
    theirs = json.loads(get(url, **token(tenant="other"))[1])
    assert [one["name"] for one in theirs["agents"]] == ["", "host", "theirs"]
    pinned = json.loads(get(url, **token(agent="boss"))[1])
    assert [one["name"] for one in pinned["agents"]] == [""]


def test_without_a_token_nobody_is_named(closed: AuraProcess) -> None:
    for headers in ({}, {"Authorization": "Bearer nobody"}, token(exp=1)):
        status, body, _ = get(closed.url + "/talk/choices.json", **headers)
        assert (status, json.loads(body)) == (200, {"agents": [], "voices": []})
    config = get(closed.url + "/talk/config.json")[1]
    assert b"cook" not in config
    assert b"amy" not in config


def test_wrong_tokens_are_counted(closed: AuraProcess) -> None:
    url, headers = closed.url + "/talk/choices.json", {"Authorization": "Bearer guess"}
    assert 429 in [get(url, **headers)[0] for _ in range(40)]


def test_its_address_is_printed(simulated: AuraProcess) -> None:
    assert f"{simulated.url}/talk" in simulated.said()


def test_to_look_at_the_page_is_not_to_ask_too_often(closed: AuraProcess) -> None:
    """Ten requests a minute are allowed, and a look needs more."""
    for name in PAGE_FILES:
        assert get(f"{closed.url}/talk/{name}")[0] == 200
    asked = [get(f"{closed.url}/talk/{PAGE_FILES[0]}")[0] for _ in range(120)]
    assert 429 in asked, "but it has a limit, too"
    assert get(closed.url + "/")[0] == 200
