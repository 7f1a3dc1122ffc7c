"""The lock files: complete, verifiable by hash, free of any server's name, and in step with pyproject.toml and with the imports."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.unit.project.layout import PYPROJECT, ROOMS, ROOT

LOCK = ROOT / "requirements.lock"
RUNTIME = ROOT / "requirements-runtime.lock"
PROJECT = PYPROJECT["project"]
BUILD = PYPROJECT["dependency-groups"]["build"]
EXTRAS = [requirement for extra in PROJECT["optional-dependencies"].values() for requirement in extra]
PROGRAM = [requirement for name, extra in PROJECT["optional-dependencies"].items() if name != "dev" for requirement in extra]

COMPANIONS = {"pydantic-core": "pydantic", "starlette": "fastapi", "mode-streaming": "faust-streaming", "yarl": "faust-streaming"}
"""Packages whose objects are part of another's public interface: who asks for the one may import both."""


def pins(path: Path) -> dict[str, dict[Requirement, set[str]]]:
    """Package -> each of its pins -> the hashes of that pin."""
    found: dict[str, dict[Requirement, set[str]]] = {}
    for entry in re.split(r"\n(?=[a-z0-9])", path.read_text(encoding="utf-8")):
        text = re.sub(r"(?m)^\s*#.*$", "", entry).replace("\\\n", " ").strip()
        if text:
            requirement, *hashes = re.split(r"\s+--hash=", text)
            parsed = Requirement(requirement)
            found.setdefault(canonicalize_name(parsed.name), {})[parsed] = set(hashes)
    return found


@pytest.mark.parametrize("lock", [LOCK, RUNTIME], ids=lambda path: path.name)
def test_a_lock_names_no_server_and_says_how_it_is_made(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert re.findall(r"\S*://\S*|--(?:extra-)?index-url.*|--find-links.*", text) == []
    assert "./dev lock" in text.splitlines()[1]


@pytest.mark.parametrize("lock", [LOCK, RUNTIME], ids=lambda path: path.name)
def test_every_package_is_pinned_and_has_hashes(lock: Path) -> None:
    loose = [
        str(requirement)
        for package in pins(lock).values()
        for requirement, hashes in package.items()
        if not re.fullmatch(r"==[^*,]+", str(requirement.specifier)) or not hashes
    ]
    assert loose == []


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [(LOCK, [*PROJECT["dependencies"], *EXTRAS, *BUILD]), (RUNTIME, [*PROJECT["dependencies"], *BUILD])],
    ids=["everything", "runtime"],
)
def test_the_lock_has_every_package_that_the_project_asks_for(lock: Path, wanted: list[str]) -> None:
    locked = pins(lock)
    stale = [
        text
        for text in wanted
        if not (versions := locked.get(canonicalize_name(Requirement(text).name)))
        or not all(Requirement(text).specifier.contains(str(pin.specifier).removeprefix("==")) for pin in versions)
    ]
    assert stale == [], "run ./dev lock"


def test_both_locks_pin_the_same_versions() -> None:
    everything = pins(LOCK)
    assert {name: pin for name, pin in pins(RUNTIME).items() if everything.get(name) != pin} == {}


def imported(path: Path) -> set[str]:
    """Top-level names that a file imports, at any depth of it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    chosen = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module and node.level == 0}
    return {name.split(".")[0] for name in plain | chosen}


@pytest.mark.parametrize(
    ("folders", "allowed"),
    [
        (ROOMS, [*PROJECT["dependencies"], *PROGRAM]),
        (["tests", "bench"], [*PROJECT["dependencies"], *EXTRAS]),
    ],
    ids=["program", "tests and benchmarks"],
)
def test_every_package_imported_is_one_the_project_asks_for(folders: list[str], allowed: list[str]) -> None:
    ours = {*ROOMS, "tests", "bench"}
    declared = {canonicalize_name(Requirement(text).name) for text in allowed}
    declared |= {canonicalize_name(companion) for companion, package in COMPANIONS.items() if package in declared}
    origin = packages_distributions()
    undeclared = {
        f"{path.relative_to(ROOT)}: {name}"
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        for name in imported(path) - ours - sys.stdlib_module_names
        if not {canonicalize_name(distribution) for distribution in origin.get(name, ["?"])} & declared
    }
    assert sorted(undeclared) == []
