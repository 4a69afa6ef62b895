"""Writes deploy/locks: the versions and hashes of all packages in each image and in CI.

python -m deploy.locks      # `make locks`; needs uv
"""

import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS_FOLDER = ROOT / "deploy" / "locks"
LOCKS = {
    "edge": (),
    "stt": ("--extra", "stt"),
    "llm": ("--extra", "llm", "--extra", "local-llm"),
    "tts": ("--extra", "tts"),
    "all": ("--extra", "all"),
    "dev": ("--extra", "all", "--group", "dev"),
}
"""The additional dependencies of each lock beside those of an edge."""
# The files name neither the machine nor the registry.
QUIET = "--quiet --no-header --no-annotate --no-emit-index-url --no-emit-find-links".split()


def compiled(source: str, target: str, *chosen: str, stdin: bytes | None = None) -> None:
    """Resolve *source* anew into the lock *target*, for every platform."""
    how = ["--universal", "--python-version", "3.11", "--upgrade", "--generate-hashes", *QUIET]
    out = str(LOCKS_FOLDER / f"{target}.txt")
    subprocess.run(  # uv is in our environment, or on the path
        ["uv", "pip", "compile", source, *chosen, *how, "-o", out],  # noqa: S607  # the same
        cwd=ROOT,
        input=stdin,
        check=True,
    )


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    build = "\n".join(project["build-system"]["requires"]).encode()
    compiled("-", "build", stdin=build)
    for name, chosen in LOCKS.items():
        compiled("pyproject.toml", name, *chosen)


if __name__ == "__main__":
    main()
