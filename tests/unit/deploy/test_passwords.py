"""Passwords of a cluster: one for each role and one between nodes, new each time."""

from __future__ import annotations

import re

from deploy.nats_server import ROLES
from deploy.passwords import CLUSTER, made


def test_every_role_and_the_cluster_has_a_password_of_its_own() -> None:
    passwords = made()
    assert set(passwords) == {f"AURA_NATS_PASSWORD_{role.upper()}" for role in ROLES} | {CLUSTER}
    assert len(set(passwords.values())) == len(passwords)
    assert not set(passwords.values()) & set(made().values())


def test_a_password_is_a_word_to_the_server_and_hard_to_guess() -> None:
    for password in made().values():
        assert re.fullmatch(r"[a-z][0-9a-f]{32}", password), "128 bits, and no digit first"
