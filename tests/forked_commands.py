"""Runs `aura` commands and services in forks of a process that has loaded what they import.

Most of the time of a short command, and of the start of a service, is the start of Python and its
imports. COMMAND runs as `python -m aura.cli.main` does, with its own environment, folder, files and
signals, and so does each process that a forked `aura up` starts. FRESH is Python itself: the tests
of starts, of the wheel and of the real engines use it.

The process that is forked is started by the first that asks for it, and ends with the tests.

    python -m tests.forked_commands SOCKET      # until stdin ends
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import marshal
import os
import pkgutil
import resource
import select
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, NoReturn

from tests import relay

PATIENCE_S = 60.0
FOLDER = Path(tempfile.mkdtemp(prefix="aura-forks-"))
FRESH = (sys.executable, "-m", "aura.cli.main")


def relayed(address: str, *options: str) -> tuple[str, ...]:
    """Return the command line of an `aura` that the process at *address* forks."""
    return (sys.executable, "-IS", relay.__file__, address, *options, "-m", "aura.cli.main")


OPEN_FILES = "AURA_TEST_OPEN_FILES"
"""The variable with the most files that a fork, and what it starts, may have open."""
COMMAND = relayed(str(FOLDER / "s"))
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
    start()
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as wrong,
        Path(os.devnull).open("rb") as nothing,
        socket.socket(socket.AF_UNIX) as link,
    ):
        link.connect(str(FOLDER / "s"))
        files = (nothing.fileno(), out.fileno(), wrong.fileno())
        module = ("-m", "aura.cli.main", *argv)
        pid = relay.ask(link, module, env, str(cwd or Path.cwd()), files)
        began = time.monotonic()
        while ctrl_c_when and not select.select([link], [], [], 0.1)[0]:
            if ctrl_c_when(time.monotonic() - began):
                os.kill(pid, signal.SIGINT)
                break
        if not select.select([link], [], [], timeout)[0]:
            os.killpg(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(["aura", *argv], timeout)
        code = relay.number(link)
        said = []
        for file in (out, wrong):
            file.seek(0)
            said.append(file.read().decode(errors="replace"))
    return subprocess.CompletedProcess(["aura", *argv], code, *said)


def start() -> None:
    """Start the process that is forked, unless it runs."""
    with _starting:
        _server()


@functools.cache
def _server() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.forked_commands", str(FOLDER / "s")],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    process.stdout.close()
    atexit.register(process.communicate)  # which ends its stdin


def pid_behind(relay_pid: int) -> int | None:
    """Return the id of the process that the relay *relay_pid* stands for; None: not yet forked."""
    with suppress(FileNotFoundError, ValueError):
        return int((FOLDER / str(relay_pid)).read_text(encoding="ascii"))
    return None


def is_relay(command: str) -> bool:
    """Tell whether the command line is that of a relay."""
    return f" {relay.__file__} " in command


atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


# ---------------------------------------------------------------- in the server

LOADED = (
    *("aiohttp", "numpy", "typer.rich_utils", "uvloop", "runtime.bus.connection", "deploy.up"),
    *("edge.main", "workers.main", "workers.engines.factory", "workers.engines.simulated"),
    *(f"workers.stage_builders.{stage}" for stage in ("stt", "llm", "tts", "tool")),
    *("workers.analytics", "workers.tools.service", "aura.cli.console.server"),
    "edge.door.webrtc.peer",
)
"""What commands and services import, beside the modules of all commands."""
WHEN_ASKED = {"mcp": "workers.tools.mcp_gateway"}
"""By a word of the command line: what takes longer, and few need."""


class Job(NamedTuple):
    """A process that runs, and who asked for it."""

    pid: int
    link: socket.socket
    exited: int
    """A descriptor that is readable once the process has ended."""


class Server:
    """Forks what it is asked for, and tells each one's end to who asked."""

    def __init__(self, address: str) -> None:
        self._folder = Path(address).parent
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(address)
        self._listener.listen(64)
        self._ready = selectors.DefaultSelector()
        self._jobs: set[Job] = set()

    def serve(self) -> None:
        """Serve until stdin ends, then end what still runs."""
        self._ready.register(self._listener, selectors.EVENT_READ)
        self._ready.register(sys.stdin, selectors.EVENT_READ)
        while True:
            for key, _ in self._ready.select():
                if key.fileobj is sys.stdin:
                    for job in self._jobs:
                        os.kill(job.pid, signal.SIGKILL)
                    return
                if key.fileobj is self._listener:
                    self._fork(self._listener.accept()[0])
                elif key.data in self._jobs:
                    self._end(key.data, left=key.fileobj is key.data.link)

    def _fork(self, link: socket.socket) -> None:
        link.settimeout(10)  # it asks at once
        try:
            _, files, _, _ = socket.recv_fds(link, 1, 3)
            with link.makefile("rb") as stream:
                size = int.from_bytes(stream.read(4), "big")
                argv, env, cwd, asker = marshal.loads(stream.read(size))  # noqa: S302  # our own
        except (EOFError, OSError):  # who asked was killed meanwhile
            link.close()
            return
        for word, module in WHEN_ASKED.items():
            if word in argv:
                load(module)
        if (pid := os.fork()) == 0:
            become(argv, env, cwd, files)
        for file in files:
            os.close(file)
        # as a whole, so that nobody reads half of it
        (self._folder / f"{asker}.new").write_text(str(pid), encoding="ascii")
        (self._folder / f"{asker}.new").replace(self._folder / str(asker))
        job = Job(pid, link, os.pidfd_open(pid))
        self._jobs.add(job)
        self._ready.register(job.exited, selectors.EVENT_READ, job)
        self._ready.register(link, selectors.EVENT_READ, job)
        self._tell(job, pid)

    def _end(self, job: Job, *, left: bool) -> None:
        """Tell the end of *job*; it is killed if who asked has *left*."""
        if left:
            os.kill(job.pid, signal.SIGKILL)
        _, status = os.waitpid(job.pid, 0)
        self._tell(job, os.waitstatus_to_exitcode(status))
        self._jobs.remove(job)
        self._ready.unregister(job.exited)
        self._ready.unregister(job.link)
        os.close(job.exited)
        job.link.close()

    @staticmethod
    def _tell(job: Job, number: int) -> None:
        with suppress(OSError):  # who asked has left
            job.link.sendall(b"%d\n" % number)


def load(*names: str) -> None:
    """Import modules as far as their libraries are installed.

    Raises:
        ModuleNotFoundError: a module of Aura itself has another name now.
    """
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            if "." in name and name.startswith(error.name or name):
                raise


def become(argv: list[str], env: dict[str, str], cwd: str, files: list[int]) -> NoReturn:
    """Be `python` with *argv*, which names the module `aura.cli.main`."""
    code = 70
    try:
        os.setsid()
        os.chdir(cwd)
        for number, file in enumerate(files):
            os.dup2(file, number)
        os.closerange(3, 1 << 16)  # the server keeps its own objects of them
        if most := int(env.get(OPEN_FILES, 0)):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        os.environ.clear()
        os.environ.update(IMPORTED_ENV | env)
        at = argv.index("-m")
        sys.path[:0] = filter(None, env.get("PYTHONPATH", "").split(os.pathsep))
        if "-P" not in argv[:at]:
            sys.path.insert(0, cwd)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = ["aura", *argv[at + 2 :]]
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
    except BaseException:  # noqa: BLE001  # as Python itself does
        sys.excepthook(*sys.exc_info())
        code = 1
    finally:
        os._exit(code)


IMPORTED_ENV: dict[str, str] = {}
"""Variables that imports have set."""


def main() -> None:
    before = dict(os.environ)
    import aura.cli  # noqa: PLC0415  # only in the server
    import deploy.up  # noqa: PLC0415  # the same

    load(*(module.name for module in pkgutil.iter_modules(aura.cli.__path__, "aura.cli.")))
    load(*LOADED)
    IMPORTED_ENV.update({name: os.environ[name] for name in os.environ.keys() - before.keys()})
    deploy.up.AURA_PROCESS = relayed(sys.argv[1], "-P")  # a forked `aura up` starts forks, too
    server = Server(sys.argv[1])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    gc.collect()
    gc.freeze()  # a fork's collections leave alone what was loaded
    server.serve()


if __name__ == "__main__":
    main()
