"""The processes of `aura up`, by role."""

import time

import psutil


def of(pid: int) -> dict[str, list[psutil.Process]]:
    """Return role (edge, stt, llm, tts, nats-server) to its processes."""
    by_role: dict[str, list[psutil.Process]] = {}
    for child in psutil.Process(pid).children():
        try:
            words = child.cmdline()
        except psutil.Error:
            continue
        if not words or child.status() == psutil.STATUS_ZOMBIE:
            continue
        role = "nats-server" if "nats-server" in words[0] else words[-1]
        by_role.setdefault(role, []).append(child)
    return by_role


def pids(pid: int) -> dict[str, list[int]]:
    """Return role to the ids of its processes."""
    return {role: [child.pid for child in group] for role, group in of(pid).items()}


def cpu_s(process: psutil.Process) -> float:
    """Return the CPU time of *process* so far, s."""
    return float(sum(process.cpu_times()[:2]))


def wait_for(pid: int, role: str, count: int, seconds: float = 60) -> list[psutil.Process]:
    """Return the processes of *role* as soon as there are *count*.

    Raises:
        TimeoutError: there were fewer for too long.
    """
    until = time.monotonic() + seconds
    while len(running := of(pid).get(role, [])) < count:
        if time.monotonic() > until:
            raise TimeoutError(role)
        time.sleep(0.02)
    return running
