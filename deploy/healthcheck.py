"""A container's health check without curl: asks one URL, and exits 0 if it answers 200.

python -m deploy.healthcheck http://127.0.0.1:9100/health/live
"""

import sys
import urllib.error
import urllib.request

HEALTHCHECK_TIMEOUT_S = 2.0
WITHOUT_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Asks our own port itself, though the environment may name a proxy."""


def healthy(url: str) -> bool:
    try:
        with WITHOUT_PROXY.open(url, timeout=HEALTHCHECK_TIMEOUT_S) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


if __name__ == "__main__":
    sys.exit(0 if len(sys.argv) == 2 and healthy(sys.argv[1]) else 1)
