"""A few minutes of `./dev faults --soak` in seconds."""

from pathlib import Path

import pytest

from tests.faults.faults import FAULTS, ON_KAFKA
from tests.faults.mutants import notices
from tests.faults.soak import soaking
from tests.faults.zygote import Zygote


@pytest.mark.timeout(180)
@notices("impatient")
def test_a_soak_of_a_few_steps_comes_right(tmp_path: Path, zygote: Zygote, mutant: str | None) -> None:
    with soaking(tmp_path, zygote, seed=4, mutant=mutant) as soak:
        for _ in range(25):
            soak.step()
        soak.come_right()
        assert soak.verified > 3
        assert "redis is killed" in soak.table()


def test_whatever_a_fault_breaks_another_one_mends() -> None:
    broken = frozenset.union(*(one.provides for one in FAULTS if not one.mends))
    assert broken == frozenset.union(*(one.ends for one in FAULTS if one.mends))
    assert any(ON_KAFKA in one.needs for one in FAULTS)
