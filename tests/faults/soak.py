"""`./dev faults --soak MINUTES`: random faults, one after the other, under load; all has to come right again, and nothing may grow.

What is published are always the same records, again and again, so that neither the tables nor the worker have a reason to grow.
"""

import argparse
import secrets
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any, Final, NamedTuple

from events.log.embedded_kafka import EmbeddedKafka
from events.log.kafka import KafkaLog
from events.settings import LogSettings
from events.topics import SOURCE_TOPICS
from projections.tables.layout import generation_prefix
from streams.verify import verify
from tests.faults import mailer
from tests.faults.faults import ALL_IS_WELL, FAULTS, LOG, NO_WORKER, ON_KAFKA, ON_SQLITE, REDIS, WORKER, WRITES, Fault, Scene, listed
from tests.faults.pair import PARTITIONS, Pair
from tests.faults.processes import until
from tests.faults.proxy import Proxy
from tests.faults.zygote import Zygote

_RECORDS: Final = 3_000
_BURST: Final = 300
_SLOWEST: Final = 1_000
"""Records a second by which a worker gets on at least."""
_SHARE_OF_VERIFYING: Final = 0.3
_GROWTH: Final = 1.05
_MENDING: Final = 4
"""So much sooner than others a fault is chosen that makes something well again."""


class Size(NamedTuple):
    """What must not grow."""

    rss: int
    keys: int


class Soak:
    """Faults that a seed chooses. Not exact, or not back to a lag of 0: AssertionError."""

    def __init__(self, scene: Scene, where: str) -> None:
        self.steps = 0
        self.verified = 0
        self.sizes: list[Size] = []
        """Of the worker and of Redis, whenever all was well."""
        self._scene = scene
        self._facts = {NO_WORKER, REDIS, WRITES, LOG, where}
        self._seconds: defaultdict[str, list[float]] = defaultdict(list)
        self._verifying = 0.0
        self._records = 0
        self._begun = monotonic()
        scene.pair.append(scene.records)

    def step(self) -> None:
        """One fault, and what comes of it."""
        chosen = self._choose()
        self.steps += 1
        begun = monotonic()
        chosen.act(self._scene)
        self._facts = self._facts - chosen.ends | chosen.provides
        if LOG in self._facts:
            self._scene.publish(_BURST)
        if WORKER in self._facts:
            assert self._scene.running.is_running, f"after {chosen.name!r} the worker has ended: {self._scene.running.log[-2000:]}"
        if self._facts >= ALL_IS_WELL:
            self._comes_right(chosen)
        self._seconds[chosen.name].append(monotonic() - begun)

    def come_right(self) -> None:
        """Mend whatever is broken, and look at all of it."""
        while not self._facts >= ALL_IS_WELL:
            mending = next(one for one in FAULTS if one.mends and one.needs <= self._facts)
            mending.act(self._scene)
            self._facts = self._facts - mending.ends | mending.provides
        self._lag_returns_to_0("all was mended")
        self._is_exact("all was mended")

    def did_not_grow(self) -> None:
        """The second half of the time needed no more than the first, of which the beginning does not count."""
        warm = self.sizes[len(self.sizes) // 5 :]
        before, after = warm[: len(warm) // 2], warm[len(warm) // 2 :]
        for name in Size._fields:
            earlier, later = (max(getattr(size, name) for size in sizes) for sizes in (before, after))
            assert later <= _GROWTH * earlier, f"{name} grew from {earlier:,} to {later:,}"

    def table(self) -> str:
        """What was done, how often, and how long it took until all was well, where it was to be."""
        lines = [f"{'fault':36}{'times':>6}{'seconds':>9}{'longest':>9}"]
        for name, seconds in sorted(self._seconds.items()):
            lines.append(f"{name:36}{len(seconds):6}{sum(seconds) / len(seconds):9.2f}{max(seconds):9.2f}")
        for name, of in (("rss", "the worker"), ("keys", "Redis")) if self.sizes else ():
            values = [getattr(size, name) for size in self.sizes]
            lines.append(f"{name} of {of}: {values[0]:,} at first, {max(values):,} at most, {values[-1]:,} lastly")
        return "\n".join([*lines, f"{self.steps} faults, {self.verified} verifications, {self._records:,} records"])

    def _choose(self) -> Fault:
        possible = [one for one in FAULTS if one.needs <= self._facts]
        return self._scene.random.choices(possible, [_MENDING if one.mends else 1 for one in possible])[0]

    def _comes_right(self, chosen: Fault) -> None:
        self._lag_returns_to_0(chosen.name)
        if self._verifying < _SHARE_OF_VERIFYING * (monotonic() - self._begun):
            self._is_exact(chosen.name)
        # Of the active generation: one that was dropped may be back when Redis has lost its tail.
        keys: Any = self._scene.pair.client.keys(f"{generation_prefix(listed(self._scene).active or 1)}*")
        self.sizes.append(Size(rss(self._scene.running.pid), len(keys)))

    def _lag_returns_to_0(self, after: str) -> None:
        pair = self._scene.pair
        total = self._records = sum(pair.log.ends(SOURCE_TOPICS).values())
        until(
            lambda: pair.applied == total or not self._scene.running.is_running,
            30 + total / _SLOWEST,
            lambda: f"a lag of 0 after {after!r}: {pair.applied} of {total} applied",
        )
        assert pair.applied == total, self._scene.running.log[-2000:]

    def _is_exact(self, after: str) -> None:
        begun = monotonic()
        found = verify(self._scene.pair.store, self._scene.pair.log)
        self._verifying += monotonic() - begun
        self.verified += 1
        assert found.clean, f"after {after!r}: {found.differences[:10]}"


def rss(pid: int) -> int:
    """Bytes of memory that a process holds."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


@contextmanager
def soaking(folder: Path, zygote: Zygote, seed: int, kafka: EmbeddedKafka | None = None, mutant: str | None = None) -> Iterator[Soak]:
    """A soak in a folder; on that Kafka, whose topics are there, or else on SQLite."""
    with ExitStack() as stack:
        pair = stack.enter_context(Pair(folder, zygote, mutant, None if kafka is None else f"kafka://{kafka.bootstrap}"))
        proxy = stack.enter_context(Proxy(pair.redis.url.removeprefix("unix://")))
        pair.environment |= {"TALLY_REDIS": proxy.url, "TALLY_WORKER_ID": "soak"}
        yield Soak(Scene(pair, proxy, Random(seed), mailer.take(_RECORDS), kafka), ON_SQLITE if kafka is None else ON_KAFKA)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev faults --soak", description=__doc__)
    parser.add_argument("minutes", type=float)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31), help="to have the same faults again")
    parser.add_argument("--kafka", action="store_true", help="on a real Kafka, in place of SQLite")
    asked = parser.parse_args(arguments)
    print(
        f"seed {asked.seed}; to repeat it: ./dev faults --soak {asked.minutes:g} --seed {asked.seed}{' --kafka' * asked.kafka}", flush=True
    )
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tally-soak-")))
        kafka = None
        if asked.kafka:
            kafka = stack.enter_context(EmbeddedKafka(folder / "kafka"))
            with KafkaLog(kafka.bootstrap, LogSettings()) as log:
                log.create_topics(PARTITIONS)
        zygote = stack.enter_context(Zygote(folder))
        soak = stack.enter_context(soaking(folder, zygote, asked.seed, kafka))
        deadline = monotonic() + 60 * asked.minutes
        try:
            while monotonic() < deadline:
                soak.step()
            soak.come_right()
            soak.did_not_grow()
        finally:
            print(soak.table())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
