"""A few minutes of `./dev faults --soak` in seconds."""

from pathlib import Path

import pytest

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
