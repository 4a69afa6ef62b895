"""What the Dockerfile and compose.yaml promise, read from the files themselves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import passwords
from runtime.settings import env_name, load

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(
    (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ROLES = ("edge", "stt", "llm", "tts", "all")
LASTING = [name for name in SERVICES if name not in {"provision", "nats-owner"}]


def stages() -> dict[str, tuple[str, str]]:
    """Return stage to (what it is made from, its instructions)."""
    found = {}
    for part in re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]:
        first, _, body = part.partition("\n")
        base, _, name = first.partition(" AS ")
        found[name] = (base, body)
    return found


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_an_image_that_runs_as_nobody_and_tells_its_health(role: str) -> None:
    base, body = stages()[role]
    assert base == "role"
    shared = stages()["role"][1]
    assert "USER 10001:10001" in shared
    assert "USER" not in body
    assert "HEALTHCHECK" in shared
    assert f"COPY --from={role}-packages /aura /aura" in body
    assert re.search(r'^CMD \["aura", ', body, re.MULTILINE), "signals reach aura, not a shell"


def test_an_edge_carries_no_engine_and_is_built_before_anything_that_does() -> None:
    assert '"$(echo /wheels/*.whl)" ' in stages()["edge-packages"][1]
    for stage in ("stt", "llm", "tts"):
        assert re.search(rf"\.whl\)\[{stage}\b", stages()[f"{stage}-packages"][1])
    order = list(stages())
    assert order.index("edge") < min(order.index(f"{one}-packages") for one in ROLES[1:])


@pytest.mark.parametrize("role", ["llm", "all"])
def test_the_language_model_finds_its_threads_and_its_weights_in_one_piece(role: str) -> None:
    made = stages()[f"{role}-packages"][1]
    assert "libgomp.so.1 /aura/lib/" in made
    assert "AURA_CACHE_DIR=/aura/share/aura/weights /aura/bin/aura models check" in made
    assert "ENV LD_LIBRARY_PATH=/aura/lib" in stages()[role][1]


def test_a_role_stands_on_what_an_edge_has_and_brings_no_installer() -> None:
    for role in ("stt", "llm", "tts", "all"):
        assert stages()[f"{role}-packages"][0] == "edge-packages"
    assert "--without-pip" in stages()["edge-packages"][1]


def test_images_hold_the_packages_and_nothing_of_a_checkout() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert "*" in ignored
    assert not {"!tests", "!.git", "!.env", "!docs"} & set(ignored)
    passwords_last = ignored.index("**/.env*") > ignored.index("!deploy")
    assert passwords_last, "deploy/.env is written before the images are built"
    assert "BUILDKIT" not in DOCKERFILE.upper().replace("IT NEEDS NO BUILDKIT", "")
    assert "--mount" not in DOCKERFILE


@pytest.mark.parametrize("name", LASTING)
def test_every_service_is_read_only_powerless_and_watched(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["user"] == "10001:10001"
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert "privileged" not in service
    from_image = service.get("build", {}).get("target") in ROLES
    assert "healthcheck" in service or from_image


def test_the_bus_is_three_nodes_that_leave_as_lame_ducks() -> None:
    nodes = [SERVICES[f"nats-{number}"] for number in (1, 2, 3)]
    assert {node["environment"]["NATS_NODE"] for node in nodes} == {"nats-1", "nats-2", "nats-3"}
    assert all(node["stop_signal"] == "SIGUSR2" for node in nodes)
    assert len({node["volumes"][1] for node in nodes}) == 3
    config = (ROOT / "nats" / "cluster" / "node.conf").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\$(NATS_\w+)", config))
    users = (ROOT / "nats" / "users.conf").read_text(encoding="utf-8")
    wanted |= set(re.findall(r"\$(AURA_NATS_\w+)", users))
    assert wanted <= set(nodes[0]["environment"]), "the file takes no more than it is given"
    assert wanted >= set(passwords.made()), "each password that is made is one that is asked for"
    assert "include ../users.conf" in config
    assert SERVICES["provision"]["environment"]["AURA_REPLICAS"] == "3"


def test_two_edges_stand_behind_the_door_and_only_the_door_is_open() -> None:
    caddy = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    assert "reverse_proxy edge-1:8000 edge-2:8000" in caddy
    assert "health_uri /health" in caddy
    assert {name for name, one in SERVICES.items() if "ports" in one} == {"door", "console"}
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["console"]["ports"])
    assert SERVICES["console"]["profiles"] == ["console"], "whoever wants it asks for it"
    subnet = COMPOSE["networks"]["default"]["ipam"]["config"][0]["subnet"]
    assert SERVICES["edge-1"]["environment"]["AURA_TRUSTED_PROXIES"] == subnet


def test_the_door_waits_for_slow_clients_no_longer_than_an_edge() -> None:
    caddy = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    waits = dict(re.findall(r"(read_header|read_body|idle|keepalive) (\d+)s", caddy))
    assert set(waits) == {"read_header", "read_body", "idle", "keepalive"}
    assert all(int(seconds) <= 15 for seconds in waits.values())
    assert int(waits["keepalive"]) < load(_env_file=None).http_timeout_s, "the edge closes last"


def test_the_limits_of_the_door_are_passed_on_with_the_defaults_of_the_settings() -> None:
    environment = SERVICES["edge-1"]["environment"]
    for field in (
        *("ws_auth", "dialects", "http_timeout_s", "max_connections_per_ip", "max_sockets_per_ip"),
        *("joins_per_minute_per_ip", "max_sessions", "max_sessions_without_token"),
        "joins_per_minute_without_token",
        *("max_call_s", "max_call_idle_s", "max_socket_idle_s"),
    ):
        name = env_name(field)
        default = getattr(load(_env_file=None), field)
        shown = f"{default:g}" if isinstance(default, float) else str(default)
        assert environment[name] == f"${{{name}:-{shown}}}"


@pytest.mark.parametrize(
    ("service", "user"),
    [
        ("edge-1", "edge"),
        ("edge-2", "edge"),
        ("stt", "stt"),
        ("llm", "llm"),
        ("tts", "tts"),
        ("tool", "tool"),
        ("console", "console"),
        ("provision", "operator"),
    ],
)
def test_each_role_is_its_own_user_and_knows_one_password(service: str, user: str) -> None:
    environment = SERVICES[service]["environment"]
    assert environment["AURA_NATS_USER"] == user
    assert environment["AURA_NATS_PASSWORD"] == f"${{AURA_NATS_PASSWORD_{user.upper()}}}"
    assert not [name for name in environment if name.startswith("AURA_NATS_PASSWORD_")]


@pytest.mark.parametrize(
    ("stage", "image"), [("stt", "stt"), ("llm", "llm"), ("tts", "tts"), ("tool", "edge")]
)
def test_workers_can_be_scaled_and_have_time_to_finish(stage: str, image: str) -> None:
    service = SERVICES[stage]
    assert "container_name" not in service
    assert "ports" not in service
    assert service["build"]["target"] == image
    assert int(service["stop_grace_period"].rstrip("s")) > 8, "more than AURA_DRAIN_S"


def test_what_is_published_starts_closed_and_with_no_password_of_ours() -> None:
    for edge in ("edge-1", "edge-2"):
        environment = SERVICES[edge]["environment"]
        assert environment["DEBUG"] == "${DEBUG:-false}"
        assert "AURA_DEMO_TOKEN" not in environment
        assert environment["AURA_JWT_SECRET"] == "${AURA_JWT_SECRET:-}"
    assert "DEBUG=false" in stages()["role"][1]
    for node in ("nats-1", "nats-2", "nats-3"):
        assert SERVICES[node]["environment"]["NATS_MONITOR"].startswith("127.0.0.1:")
