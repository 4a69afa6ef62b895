"""Creates the passwords of a cluster of three: one for each role, and one between the nodes.

python -m deploy.passwords > deploy/.env      # what docker compose reads beside compose.yaml
"""

import secrets
import sys

from deploy.nats_server import ROLES

CLUSTER = "NATS_CLUSTER_PASSWORD"


def made() -> dict[str, str]:
    """Return the name of each variable and a new password for it.

    They begin with a letter, since the server reads a word that begins with a digit as a number.
    """
    names = [*(f"AURA_NATS_PASSWORD_{role.upper()}" for role in ROLES), CLUSTER]
    return {name: f"p{secrets.token_hex(16)}" for name in names}


if __name__ == "__main__":
    sys.stdout.writelines(f"{name}={password}\n" for name, password in made().items())
