"""kill -9 at every moment at which it could matter: the numbers stay right, at once and after everything has gone on."""

import os
import secrets
from collections import Counter
from pathlib import Path

import pytest

from events.log.sqlite import SqliteLog
from projections.moments import Moment
from tests.faults.injection import Scene
from tests.faults.mutants import notices
from tests.faults.zygote import Zygote

SHARES = 4
"""Tests among which the injections are divided, so that they run beside each other."""
INJECTIONS = int(os.environ.get("TALLY_TEST_INJECTIONS", "200"))
AGAINST_A_MUTANT = 50
"""Crashes after which a mutant must have been noticed at the latest."""
SEED = int(os.environ.get("TALLY_TEST_SEED", "0")) or secrets.randbelow(1 << 31)


@pytest.mark.timeout(60 + 4 * INJECTIONS)
@pytest.mark.parametrize("share", range(SHARES))
@notices("offsets-first", "states-not-written", "quarantine-after-commit", "bad-record-stops-the-batch")
def test_a_worker_a_rebuild_a_cutover_or_a_drop_is_killed_at_any_moment(
    share: int, tmp_path: Path, valkey: str, zygote: Zygote, mutant: str | None
) -> None:
    seed = SEED + share
    print(f"seed {seed}; to repeat it: TALLY_TEST_SEED={SEED} ./dev faults")
    with SqliteLog(tmp_path / "log.db") as log:
        log.create_topics(4)
        environment = {
            "TALLY_LOG": f"sqlite:///{tmp_path / 'log.db'}",
            "TALLY_REDIS": valkey,
            "TALLY_MAX_BATCH": "24",
        }
        scene = Scene(log, environment, tmp_path, zygote, seed, mutant)
        scene.inject(max(AGAINST_A_MUTANT, INJECTIONS // SHARES) if mutant else INJECTIONS // SHARES)
    moments = Counter(injection.moment for injection in scene.injections)
    print(f"{len(scene.injections)} crashes: {dict(moments)}")
    if INJECTIONS >= 200:
        assert len(moments) >= 8
    assert Moment.COMMITTED in moments or INJECTIONS < 40
