"""What images and CI install is pinned by hashes, and is what pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.locks import LOCKS, LOCKS_FOLDER, ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
EVERY = pytest.mark.parametrize("name", [*LOCKS, "build"])


def locked(name: str) -> dict[str, list[str]]:
    """Return package to its pinned versions, of which markers choose one."""
    found: dict[str, list[str]] = {}
    for line in (LOCKS_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if pinned := re.match(r"([A-Za-z0-9._-]+)==([^ ;]+)", line):
            found.setdefault(canonicalize_name(pinned[1]), []).append(pinned[2])
    return found


def wanted(name: str) -> list[Requirement]:
    if name == "build":
        return [Requirement(one) for one in PROJECT["build-system"]["requires"]]
    lines = list(PROJECT["project"]["dependencies"])
    for extra in LOCKS[name][1::2]:
        every = [one for lists in EXTRAS.values() for one in lists]
        groups = PROJECT["dependency-groups"]
        lines += every if extra == "all" else groups.get(extra) or EXTRAS[extra]
    return [Requirement(one) for one in lines if not one.startswith("aura-voice")]


@EVERY
def test_a_lock_has_all_that_is_asked_for_in_a_version_that_is_allowed(name: str) -> None:
    there = locked(name)
    for one in wanted(name):
        versions = there.get(canonicalize_name(one.name), [])
        assert any(version in one.specifier for version in versions), f"{one}: make locks"


@EVERY
def test_every_line_has_a_hash_and_none_a_place(name: str) -> None:
    text = (LOCKS_FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    joined = text.replace("\\\n", " ").splitlines()
    assert all("--hash=sha256:" in line for line in joined)
    assert not re.search(r"://|file:|--index|--find-links|#|@ ", text)


def test_images_install_nothing_that_is_not_locked() -> None:
    installs = re.findall(r"pip(?: --python \S+)? (?:install|wheel) [^\\\n]*", DOCKERFILE)
    assert len(installs) == 2 * 6
    for one in installs:
        assert (
            "--require-hashes -r deploy/locks/" in one
            or "--no-index" in one
            or ("--no-build-isolation --no-deps" in one)
        )


def test_what_is_tested_is_what_is_locked() -> None:
    ci = (Path(ROOT) / ".ci" / "run").read_text(encoding="utf-8")
    assert "--require-hashes -r deploy/locks/dev.txt" in ci
