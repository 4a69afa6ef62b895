"""Three real nats-servers as one cluster, run with the file that production uses."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

from deploy import nats_server, passwords, resources

NODES = ("nats-1", "nats-2", "nats-3")


class NatsCluster:
    """Has the nodes of nats/cluster/; each can die and come back with its data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.ports = {name: nats_server.free_port() for name in NODES}
        self._routes = {name: nats_server.free_port() for name in NODES}
        self._monitors = {name: nats_server.free_port() for name in NODES}
        self.passwords = passwords.made()
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        """Return the URLs of all three, for a user with all rights."""
        user = f"operator:{self.passwords['AURA_NATS_PASSWORD_OPERATOR']}"
        urls = (nats_server.url(port) for port in self.ports.values())
        return ",".join(url.replace("//", f"//{user}@") for url in urls)

    def start(self) -> None:
        for name in NODES:
            self.start_node(name)
        self.wait_until_whole()

    def start_node(self, name: str) -> None:
        env = {
            "NATS_NODE": name,
            "NATS_STORE": str(self._folder / name),
            "NATS_LISTEN": f"127.0.0.1:{self.ports[name]}",
            "NATS_CLUSTER": f"127.0.0.1:{self._routes[name]}",
            "NATS_MONITOR": f"127.0.0.1:{self._monitors[name]}",
            "NATS_DISK": "8GB",
        }
        for number, node in enumerate(NODES, 1):
            route = (
                f"nats://node:{self.passwords[passwords.CLUSTER]}@127.0.0.1:{self._routes[node]}"
            )
            env[f"NATS_ROUTE_{number}"] = route
        config = resources.folder() / "cluster" / "node.conf"
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [nats_server.binary(), "-c", str(config)],
                env={**os.environ, **env, **self.passwords},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait_until_whole(self, seconds: float = 30) -> None:
        """Wait until the streams of all running nodes are up to date."""
        until = time.monotonic() + seconds
        while not all(self._healthy(name) for name in self._running):
            if time.monotonic() > until:
                raise RuntimeError(f"the cluster in {self._folder} does not get ready")
            time.sleep(0.1)

    def _healthy(self, name: str) -> bool:
        try:
            return self._ask(name, "healthz")["status"] == "ok"
        except (OSError, ValueError, KeyError):
            return False

    def holder(self, client: str) -> str:
        """Return the node of the connection whose name begins with *client*."""
        for name in self._running:
            connections: Any = self._ask(name, "connz")["connections"]
            if any(connection.get("name", "").startswith(client) for connection in connections):
                return name
        raise AssertionError(f"{client} is connected to no node")

    def _ask(self, name: str, what: str) -> dict[str, str]:
        url = f"http://127.0.0.1:{self._monitors[name]}/{what}"
        with urllib.request.urlopen(url, timeout=2) as answer:
            info: dict[str, str] = json.load(answer)
            return info

    def kill(self, name: str) -> None:
        process = self._running.pop(name)
        process.kill()
        process.wait(timeout=10)

    def lame_duck(self, name: str) -> None:
        """Ask the node to give up its leaderships, send its clients away, and end."""
        self._running[name].send_signal(signal.SIGUSR2)

    def wait_until_left(self, name: str, seconds: float = 60) -> None:
        self._running.pop(name).wait(timeout=seconds)

    def stop(self) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            process.wait(timeout=15)
