"""Runs `aura` commands in forks of a process that has loaded what they import.

Most of the time of a short command is the start of Python and its imports. The process is started
by the first command, and ends with the tests.

    python -m tests.forked_commands SOCKET      # until stdin ends
"""

from __future__ import annotations

import atexit
import functools
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

PATIENCE_S = 60.0
_starting = threading.Lock()


def aura(
    *argv: str,
    env: dict[str, str],
    cwd: Path | None = None,
    timeout: float = PATIENCE_S,
    ctrl_c_when: Callable[[float], bool] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `aura` with *argv* as `subprocess.run` would, in the whole environment *env*.

    *ctrl_c_when* is asked with the seconds since the start; Ctrl-C follows as soon as it agrees.

    Raises:
        subprocess.TimeoutExpired: it took longer than *timeout* after its start, or its Ctrl-C.
    """
    with _starting:
        address = _server()
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as link:
        link.connect(address)
        job = {"argv": argv, "env": env, "cwd": str(cwd or Path.cwd()), "folder": folder}
        answers = link.makefile("rw", encoding="utf-8")
        answers.write(json.dumps(job) + "\n")
        answers.flush()
        pid = int(answers.readline())
        began = time.monotonic()
        while ctrl_c_when and not select.select([link], [], [], 0.1)[0]:
            if ctrl_c_when(time.monotonic() - began):
                os.kill(pid, signal.SIGINT)
                break
        if not select.select([link], [], [], timeout)[0]:
            os.killpg(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(["aura", *argv], timeout)
        code = int(answers.readline())
        out, wrong = (
            (Path(folder) / name).read_text(encoding="utf-8", errors="replace")
            for name in ("out", "err")
        )
    return subprocess.CompletedProcess(["aura", *argv], code, out, wrong)


@functools.cache
def _server() -> str:
    address = str(Path(tempfile.mkdtemp(prefix="aura-forks-")) / "s")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.forked_commands", address],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    process.stdout.close()
    atexit.register(process.communicate)  # which ends its stdin
    return address


# ---------------------------------------------------------------- in the server


def main() -> None:
    load()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen(64)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        link, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            watch(link)
        link.close()


def load() -> None:
    """Import what the commands import, so that no fork has to."""
    import aura.cli  # noqa: PLC0415  # only in the server

    for name in ("aiohttp", "numpy", "typer.rich_utils", "runtime.bus.connection"):
        importlib.import_module(name)
    for module in pkgutil.iter_modules(aura.cli.__path__, "aura.cli."):
        importlib.import_module(module.name)


def watch(link: socket.socket) -> NoReturn:
    """Run the command that *link* asks for, and tell its process and its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    answers = link.makefile("rw", encoding="utf-8")
    job = json.loads(answers.readline())
    if (pid := os.fork()) == 0:
        become(job)
    answers.write(f"{pid}\n")
    answers.flush()
    _, status = os.waitpid(pid, 0)
    answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
    answers.flush()
    os._exit(0)


def become(job: dict[str, Any]) -> NoReturn:
    """Be the command."""
    code = 70
    try:
        os.setsid()
        os.chdir(job["cwd"])
        os.environ.clear()
        os.environ.update(job["env"])
        sys.path[:0] = filter(None, job["env"].get("PYTHONPATH", "").split(os.pathsep))
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, name in enumerate(("out", "err"), start=1):
            os.dup2(os.open(f"{job['folder']}/{name}", os.O_WRONLY | os.O_CREAT, 0o600), number)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = ["aura", *job["argv"]]
        from aura.cli.main import main  # noqa: PLC0415  # after the fork

        try:
            main()
            code = 0
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else int(left.code is not None)
            if isinstance(left.code, str):
                sys.stderr.write(left.code + "\n")
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
