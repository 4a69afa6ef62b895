"""The image with everything in it answers a caller: skipped, and said so, where there is none.

docker build -f deploy/Dockerfile --target all -t aura .
AURA_TEST_IMAGE=aura python -m pytest tests/e2e/test_image.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from tests.caller import DEMO, calling, pcm_of, silence

pytestmark = pytest.mark.e2e
IMAGE = os.environ.get("AURA_TEST_IMAGE", "")
LOCKED = "--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges:true"
ROOM = "--tmpfs /data:uid=10001,gid=10001,mode=0700 -p 127.0.0.1::8000"


def docker(*words: str) -> str:
    program = shutil.which("docker") or "docker"
    done = subprocess.run([program, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def container() -> Iterator[str]:
    if not IMAGE:
        pytest.skip("AURA_TEST_IMAGE names no image of --target all: the images are not exercised")
    name = docker("run", "-d", "-e", "DEBUG=true", *LOCKED.split(), *ROOM.split(), IMAGE)
    try:
        give_up_s = time.monotonic() + 180
        while docker("inspect", "-f", "{{.State.Health.Status}}", name) != "healthy":
            assert time.monotonic() < give_up_s, docker("logs", "--tail", "20", name)
            time.sleep(1)
        yield name
    finally:
        docker("rm", "-f", "-v", name)


@pytest.mark.timeout(240)
async def test_a_locked_container_understands_answers_and_is_heard(
    container: str, say: Callable[[str], bytes]
) -> None:
    url = "http://" + docker("port", container, "8000/tcp").splitlines()[0]
    async with calling(url, f"{DEMO}&greeting=0") as caller:
        await caller.speak(say("Hello, how are you today?") + silence(4000))
        done = await caller.until("ai_complete", seconds=60)
        assert "llama" in done["model_used"]
        heard = np.frombuffer(b"".join(pcm_of(m) for m in caller.told("ai_audio")), np.int16)
        assert np.abs(heard).max() > 1000
        assert not caller.told("error")


@pytest.mark.timeout(240)
@pytest.mark.parametrize("port", [9100, 9101, 9102, 9103])
def test_every_process_in_it_is_ready_and_measured(container: str, port: int) -> None:
    for path in ("health/ready", "metrics"):
        url = f"http://127.0.0.1:{port}/{path}"
        docker("exec", container, "python3", "-m", "deploy.healthcheck", url)


@pytest.mark.timeout(240)
def test_it_keeps_no_queue_of_what_a_library_would_send_home(container: str) -> None:
    assert docker("exec", container, "find", "/data", "-name", "*onnxruntime*") == ""


@pytest.mark.timeout(240)
def test_asked_to_stop_it_ends_in_time_and_with_0(container: str) -> None:
    docker("stop", "-t", "30", container)
    assert docker("inspect", "-f", "{{.State.ExitCode}}", container) == "0"
