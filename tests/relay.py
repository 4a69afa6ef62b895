"""Stands for an `aura` process that was forked elsewhere: passes signals on, and ends as it ends.

    python -IS tests/relay.py SOCKET [-P] -m aura.cli.main ARGUMENTS

It imports little, so it starts in some 20 ms. If nobody listens at SOCKET, it becomes a Python that
runs the rest of the command line.
"""

from __future__ import annotations

import marshal
import os
import signal
import socket
import sys
from collections.abc import Sequence

PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


def ask(
    link: socket.socket, argv: Sequence[str], env: dict[str, str], cwd: str, files: Sequence[int]
) -> int:
    """Ask for a process whose stdin, stdout and stderr are *files*; return its id."""
    job = marshal.dumps((list(argv), env, cwd, os.getpid()))
    socket.send_fds(link, [b"+"], files)
    link.sendall(len(job).to_bytes(4, "big") + job)
    return number(link)


def number(link: socket.socket) -> int:
    """Return the next number that is told: the process's id, then its exit code."""
    said = b""
    while not said.endswith(b"\n"):
        got = link.recv(1)
        if not got:
            raise ConnectionError("the server of forks is gone")
        said += got
    return int(said)


def main() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    address, *python = sys.argv[1:]
    link = socket.socket(socket.AF_UNIX)
    try:
        link.connect(address)
    except OSError:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        os.execv(sys.executable, [sys.executable, *python])  # noqa: S606  # no shell is wanted
    pid = ask(link, python, dict(os.environ), os.getcwd(), (0, 1, 2))  # noqa: PTH109  # pathlib takes longer to import

    def pass_on(signum: int, _frame: object) -> None:
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            return  # it has ended: its exit code is on its way

    for signum in PASSED_ON:
        signal.signal(signum, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    code = number(link)
    if code < 0:
        if -code not in {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main()
