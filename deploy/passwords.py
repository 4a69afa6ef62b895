"""Creates the passwords of a cluster of three: one for each role, and one between the nodes.

python -m deploy.passwords > deploy/.env      # what docker compose reads beside compose.yaml
"""

import sys

from deploy.nats_server import ROLES, new_password

CLUSTER = "NATS_CLUSTER_PASSWORD"


def made() -> dict[str, str]:
    """Return the name of each variable and a new password for it."""
    names = [*(f"AURA_NATS_PASSWORD_{role.upper()}" for role in ROLES), CLUSTER]
    return {name: new_password() for name in names}


if __name__ == "__main__":
    sys.stdout.writelines(f"{name}={password}\n" for name, password in made().items())
