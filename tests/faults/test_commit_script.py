"""Every write of a commit fails once: what can be known is found before the first of them, and what cannot is found by verify."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from itertools import count, groupby
from pathlib import Path
from typing import Any, Final

import pytest
import redis

from events.log.record import NewRecord
from events.log.sqlite import SqliteLog
from events.partitioner import partition_for
from events.topics import CONTACT_KEYED, ENROLLMENT
from projections import generations
from projections.tables.redis import _COMMIT, RedisStore, RedisWritableStore, packed
from projections.tables.store import Commit, Committed, Refused, StoreError
from streams.projector import Batch, Projector
from streams.verify import verify
from tests.faults import mailer
from tests.faults.mutants import at_work, notices
from tests.faults.pair import PARTITIONS

_PARTITION: Final = 1
_FAILING: Final = """
local server, writes = redis, 0
local redis = {error_reply = server.error_reply}
function redis.call(command, ...)
  if not string.find(' GET HGET HMGET LLEN TYPE ', ' ' .. command .. ' ') then
    if writes == %d then
      error('it fails here')
    end
    writes = writes + 1
  end
  return server.call(command, ...)
end
"""
"""Put before a script: the write after so many raises."""


class Catches(RedisWritableStore):
    """Writes the first commit, and keeps the second."""

    caught: Commit

    async def commit(self, commit: Commit) -> Committed | Refused:
        if commit.version == 0:
            return await super().commit(commit)
        self.caught = commit
        return Refused("it was caught")


@dataclass
class Scene:
    """A log of which the half of one partition is applied, and `commit` would apply the rest of it."""

    log: SqliteLog
    client: redis.Redis
    writable: RedisWritableStore
    store: RedisStore
    commit: Commit

    def contents(self) -> dict[bytes, Any]:
        """All that is in Redis, as a client sees it."""
        read: dict[Any, Any] = {
            b"hash": self.client.hgetall,
            b"list": lambda key: self.client.lrange(key, 0, -1),
            b"string": self.client.get,
        }
        return {key: read.get(self.client.type(key), self.client.dump)(key) for key in self._keys()}

    def keep(self) -> dict[bytes, bytes]:
        """All that is in Redis, to be put back."""
        return {key: self.client.dump(key) or b"" for key in self._keys()}

    def _keys(self) -> list[bytes]:
        found: Any = self.client.keys()
        return list(found)

    def put_back(self, keys: Mapping[bytes, bytes]) -> None:
        self.client.flushdb()
        for key, kept in keys.items():
            self.client.restore(key, 0, kept)

    @property
    def is_right(self) -> bool:
        return verify(self.store, self.log).clean

    async def written(self) -> Committed | Refused:
        """What comes of the commit."""
        return await RedisWritableStore.commit(self.writable, self.commit)

    async def fails_at(self, key: str, message: str) -> None:
        """With a key that is somebody else's the commit fails, and has written nothing."""
        self.client.delete(key)
        self.client.zadd(key, {"somebody else's": 1})
        before = self.contents()
        with pytest.raises(StoreError, match=message):
            await self.written()
        assert self.contents() == before


@pytest.fixture(params=["valkey", "redis7"])
async def scene(request: pytest.FixtureRequest, tmp_path: Path, mutant: str | None) -> AsyncIterator[Scene]:
    url: str = request.getfixturevalue(request.param)
    with SqliteLog(tmp_path / "log.db", PARTITIONS) as log, redis.Redis.from_url(url) as client, RedisStore(url) as store:
        log.append([*mailer.take(600), *_of_a_new_sequence()])
        with at_work(mutant):
            writable = Catches(url)
        await generations.enter(writable, PARTITIONS, 0)
        projector = Projector(writable, quarantine=_nothing)
        for half in (0, 1):
            await projector.apply(*(_half(log, topic, half) for topic in CONTACT_KEYED))
        yield Scene(log, client, writable, store, writable.caught)
        await writable.aclose()


def _half(log: SqliteLog, topic: str, half: int) -> Batch:
    end = log.end(topic, _PARTITION)
    start, end = ((0, end // 2), (end // 2, end))[half]
    return Batch(topic, _PARTITION, start, end, log.read(topic, _PARTITION, start, end - start))


def _of_a_new_sequence() -> list[NewRecord]:
    """The last of its partition, so that the second half has something to register."""
    contact = next(f"c-{number}" for number in count() if partition_for(f"default/c-{number}".encode(), PARTITIONS) == _PARTITION)
    data = {"contact_id": contact, "enrollment_id": "r", "sequence_id": "a new one"}
    event = {"specversion": "1.0", "id": "1", "source": "test", "type": "enrollment.started", "time": "2026-03-02T09:00:00Z", "data": data}
    return [NewRecord(ENROLLMENT, f"default/{contact}".encode(), json.dumps(event).encode())]


async def _nothing(_letters: object) -> None:
    """Dead letters are of no account here."""


@pytest.mark.parametrize("kind", ["hashes", "registrations", "strings", "counters"])
@notices("types-not-checked")
async def test_a_key_of_another_type_is_found_before_the_first_write(scene: Scene, kind: str) -> None:
    key = next(iter(getattr(scene.commit, kind)))
    await scene.fails_at(key, f"key {re.escape(key)} is a zset, not a ")


@pytest.mark.parametrize("read", ["appends", "progress"])
@notices("nothing-checked")
async def test_so_it_is_where_the_fence_reads(scene: Scene, read: str) -> None:
    await scene.fails_at(next(iter(scene.commit.appends)) if read == "appends" else scene.commit.progress_key, "WRONGTYPE")


@notices("types-not-checked")
async def test_a_counter_that_is_no_number_is_found_before_the_first_write(scene: Scene) -> None:
    key, changes = next(iter(scene.commit.counters.items()))
    field = next(iter(changes))
    scene.client.hset(key, field, "many")
    before = scene.contents()
    with pytest.raises(StoreError, match=f"field {re.escape(field)} of {re.escape(key)} is no number"):
        await scene.written()
    assert scene.contents() == before


@notices("verify-without-partitions")
async def test_what_a_script_has_written_before_an_error_stays_and_verify_finds_it(scene: Scene, mutant: str | None) -> None:
    before, contents = scene.keep(), scene.contents()
    ended = []
    for writes in count():
        scene.put_back(before)
        keys, argument = packed(scene.commit)
        try:
            scene.client.register_script(_FAILING % writes + _COMMIT)(keys, [argument])
        except redis.ResponseError as error:
            if "it fails here" not in str(error):
                raise
        else:
            break
        with at_work(mutant):
            ended.append("nothing" if scene.contents() == contents else "all" if scene.is_right else "found")
    assert scene.is_right
    # Lastly all is there, and only the number of the partition's version is missing, which the same commit brings with it again.
    assert [end for end, _ in groupby(ended)] == ["nothing", "found", "all"]
    assert ended.count("nothing") == 1
