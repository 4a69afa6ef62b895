"""`aura edge`: one edge."""

from aura.cli.options import Host, Port, place
from aura.cli.running import role


def command(port: Port = None, host: Host = None) -> None:
    """Run one edge, which clients call.

    It uses the bus at NATS_URL, or that of the `aura up` in AURA_DATA_DIR; `aura provision` has
    set it up.
    """
    from edge.main import serve  # noqa: PLC0415  # `aura edge --help` must not load the edge

    settings = place({"port": port, "host": host})
    role(settings, "edge", serve(settings))
