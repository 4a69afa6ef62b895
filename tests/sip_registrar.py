"""Debian's `kamailio` as a registrar on loopback: UDP and TLS, accounts by password."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_ports

PASSWORD = "open-sesame"
MODULES = (
    "tls",
    "tm",
    "sl",
    "rr",
    "pv",
    "maxfwd",
    "textops",
    "siputils",
    "usrloc",
    "registrar",
    "auth",
)
CONFIG = """#!KAMAILIO
debug=0
log_stderror=yes
fork=yes
children=1
tcp_children=1
enable_tls=yes
listen=udp:127.0.0.1:{port}
listen=tls:127.0.0.1:{tls_port}
{modules}
modparam("tls", "certificate", "{certificate}")
modparam("tls", "private_key", "{certificate}")
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "verify_certificate", 0)
modparam("usrloc", "db_mode", 0)

request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (has_totag()) {{
        if (loose_route() || t_check_trans()) t_relay();
        exit;
    }}
    if (is_method("CANCEL")) {{
        if (t_check_trans()) t_relay();
        exit;
    }}
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("here", "{password}", "0")) {{ www_challenge("here", "0"); exit; }}
        save("location");
        exit;
    }}
    if (!pv_proxy_authenticate("here", "{password}", "0")) {{ proxy_challenge("here", "0"); exit; }}
    consume_credentials();
    record_route();
    if (!lookup("location")) {{ sl_send_reply("404", "Not Found"); exit; }}
    t_relay();
}}
"""


class Registrar:
    """Where telephones are known by their names."""

    def __init__(self, folder: Path, certificate: Path) -> None:
        self.port = free_ports(2)
        self.tls_port = self.port + 1
        self.config = folder / "kamailio.cfg"
        self.log = folder / "kamailio.log"
        modules = "\n".join(f'loadmodule "{name}.so"' for name in MODULES)
        self.config.write_text(
            CONFIG.format(
                port=self.port,
                tls_port=self.tls_port,
                modules=modules,
                certificate=certificate,
                password=PASSWORD,
            )
        )

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[None]:
        folder = self.config.parent
        command = ["kamailio", "-DD", "-E", "-f", self.config, "-Y", folder, "-m", "32", "-M", "8"]
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                [str(one) for one in command], cwd=folder, stdout=log, stderr=log
            )
        try:
            until = time.monotonic() + 20
            while not self._listens():
                assert process.poll() is None, self.log.read_text(errors="replace")
                assert time.monotonic() < until, self.log.read_text(errors="replace")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(20)

    def _listens(self) -> bool:
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.tls_port)) == 0
