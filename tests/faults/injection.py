"""Crashes, one after the other, at moments that a seed chooses; and after each of them, what must be true."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from typing import Final

from events.log.port import Log
from events.log.record import NewRecord
from events.topics import QUARANTINE, SOURCE_TOPICS
from projections import generations
from projections.dump import dump
from projections.moments import Moment
from projections.tables.redis import RedisStore
from tests.faults import mailer
from tests.faults.processes import positions, refold
from tests.faults.zygote import KILLED, Zygote

_OF_WORKERS: Final = (
    *(Moment.ASSIGNED, Moment.FETCHED, Moment.LOADED, Moment.FOLDED, Moment.COMMITTING, Moment.COMMITTED),
    *(Moment.SETTING_ASIDE, Moment.SET_ASIDE),
)
_OF_REBUILDS: Final = (Moment.REBUILD_BEGINS, Moment.REBUILD_BEGUN, Moment.FETCHED, Moment.FOLDED, Moment.COMMITTED, Moment.REBUILD_ENDS)
_OF_CUTOVERS: Final = (Moment.CUTTING_OVER, Moment.CUT_OVER, Moment.TELLING)
_OF_DROPS: Final = (Moment.DROPPING, Moment.DROPPED_SOME)
_NEW_RECORDS: Final = 40


@dataclass(frozen=True)
class Injection:
    """One crash: what was being done, and where it was."""

    action: str
    moment: Moment
    count: int


class Scene:
    """A log, a Redis, and what is killed between them. Not exact: AssertionError, with the seed and the injections that led there."""

    def __init__(
        self, log: Log, environment: Mapping[str, str], folder: Path, zygote: Zygote, seed: int, mutant: str | None = None
    ) -> None:
        self.injections: list[Injection] = []
        """Those at whose moment a process really died."""
        self._log = log
        self._environment = environment
        self._said = folder / "forks.log"
        self._start = partial(zygote.start, log=self._said, mutant=mutant)
        self._seed = seed
        self._random = Random(seed)
        self._records = _records(self._random, seed)
        self._partitions = log.partitions(SOURCE_TOPICS[0])

    def inject(self, number: int) -> None:
        """So many crashes."""
        with RedisStore(self._environment["TALLY_REDIS"]) as store:
            while len(self.injections) < number:
                self._log.append(list(islice(self._records, self._random.randint(1, _NEW_RECORDS))))
                try:
                    self._one(store)
                except AssertionError as error:
                    path = " ".join(f"{one.action}:{one.moment}:{one.count}" for one in self.injections)
                    raise AssertionError(
                        f"seed {self._seed}, after {len(self.injections)} crashes ({path}): {error}\n{self._said.read_text()[-3000:]}"
                    ) from error

    def _one(self, store: RedisStore) -> None:
        kind = self._random.choices(("worker", "rebuild"), (4, 1))[0]
        if kind == "worker":
            self._crash("worker", self._random.choice(_OF_WORKERS))
            self._is_exact(store)
            self._drain(store)
        else:
            self._rebuild(store)

    def _crash(self, action: str, moment: Moment, *arguments: str) -> bool:
        """Whether it died there; else it has done what was asked."""
        injection = Injection(action, moment, self._random.choice((1, 1, 2, 3, 5)))
        code = self._start(action, self._environment, *arguments, moment=injection.moment, count=injection.count).wait(None)
        if code == KILLED:
            self.injections.append(injection)
        else:
            assert code == 0, f"{action} ended with {code}"
        return code == KILLED

    def _run(self, action: str, *arguments: str) -> int:
        """With nothing in the way. The exit code."""
        return self._start(action, self._environment, *arguments).wait(None)

    def _drain(self, store: RedisStore) -> None:
        """Nothing in the way: everything is applied, and everything is right."""
        code = self._run("worker")
        assert code == 0, f"a worker that nobody killed ended with {code}"
        active = generations.active(store)
        assert active is not None
        ends = self._log.ends(SOURCE_TOPICS)
        assert positions(store, self._partitions, active.number) == dict(ends), "not all of the log is applied"
        self._is_exact(store)
        letters = set(self._letters())
        (counted,) = store.read([("HGETALL", f"{active.prefix(0)}quarantined")])
        assert sum(map(int, counted.values())) == len(letters), "dead letters are missing from the quarantine"

    def _letters(self) -> Iterator[bytes]:
        for partition in range(self._partitions):
            for record in self._log.read(QUARANTINE, partition, 0, 1 << 20):
                yield dict(record.headers)["tally-id"]

    def _is_exact(self, store: RedisStore) -> None:
        """What readers see is what the log says up to the stored positions, whenever that is."""
        active = generations.active(store)
        if active is None:
            return
        until = positions(store, self._partitions, active.number)
        expected = asyncio.run(refold(self._log, until))
        found = dump(store, self._partitions, active.number)
        assert found == expected, f"generation {active.number} is not what the log says up to its positions"

    def _rebuild(self, store: RedisStore) -> None:
        """A rebuild, a cutover and a drop, each killed, looked at, and gone on with."""
        self._drain(store)
        before = generations.active(store)
        assert before is not None
        if self._crash("rebuild", self._random.choice(_OF_REBUILDS), "begin"):
            self._is_exact(store)
        listed = _listed(store)
        half_built = [number for number in listed.generations if number not in {before.number, *listed.complete}]
        if half_built or len(listed.generations) == 1:
            code = self._run("rebuild", "resume" if half_built else "begin")
            assert code == 0, f"a rebuild that nobody killed ended with {code}"
        made = max(_listed(store).generations)
        assert dump(store, self._partitions, made) == dump(store, self._partitions, before.number), "the rebuilt generation differs"
        self._crash("cutover", self._random.choice(_OF_CUTOVERS), str(made))
        self._is_exact(store)
        assert self._run("cutover", str(made)) == 0
        self._drain(store)
        self._crash("drop", self._random.choice(_OF_DROPS), str(before.number))
        self._is_exact(store)
        self._run("drop", str(before.number))
        assert list(_listed(store).generations) == [made], "the old generation is still listed"
        (left,) = store.read([("KEYS", f"tally:{{{before.number}.*")])
        assert left == [], "a dropped generation has left keys"


def _listed(store: RedisStore) -> generations.Known:
    (fields,) = store.read([("HGETALL", generations.KEY)])
    return generations.read_known(fields)


def _records(random: Random, seed: int) -> Iterator[NewRecord]:
    """What mailers write, a part of it twice and late, and some of it bad."""
    earlier: list[NewRecord] = []
    for record in mailer.records(seed):
        yield record
        earlier.append(record)
        if random.random() < 0.05:
            yield random.choice(earlier)
        if random.random() < 0.02:
            yield NewRecord(record.topic, record.key, b'{"specversion": "1.0", "type": "nothing.known"}')
