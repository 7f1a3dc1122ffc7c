"""Every fault test has a mutated twin that must go red, and every fault of the soak one that mends it."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from tests.faults.faults import FAULTS, ON_KAFKA
from tests.faults.mutants import MUTANTS, at_work
from tests.unit.project.layout import ROOT


def named() -> Iterator[tuple[str, set[str]]]:
    """The name of every fault test, and the mutants that it notices."""
    for file in sorted((ROOT / "tests" / "faults").glob("test_*.py")):
        module: Any = import_module(f"tests.faults.{file.stem}")
        for name, test in vars(module).items():
            if name.startswith("test_"):
                marks = getattr(test, "pytestmark", [])
                yield f"{file.name}::{name}", {mutant for mark in marks if mark.name == "notices" for mutant in mark.args}


def test_every_fault_test_names_a_mutant_that_it_notices() -> None:
    assert [name for name, mutants in named() if not mutants] == []


def test_every_mutant_is_noticed_by_a_test() -> None:
    assert MUTANTS.keys() == {mutant for _, mutants in named() for mutant in mutants}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_breaks_what_is_there(mutant: str) -> None:
    with at_work(mutant):
        pass


def test_whatever_a_fault_breaks_another_one_mends() -> None:
    broken = frozenset.union(*(one.provides for one in FAULTS if not one.mends))
    assert broken == frozenset.union(*(one.ends for one in FAULTS if one.mends))
    assert any(ON_KAFKA in one.needs for one in FAULTS)
