"""What every store of the tables does alike: the twin in memory, Valkey, and Redis 7.0; one server, and a cluster of three."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from projections.presence import Presence, leave, present, publish
from projections.tables import moved as moved_chunks
from projections.tables.layout import CHUNK_ROWS, ROW, SEPARATOR
from projections.tables.memory import MemoryStore
from projections.tables.moved import Moved, MovedChunks
from projections.tables.reading import Keys, Layout
from projections.tables.redis import RedisStore, RedisWritableStore
from projections.tables.store import Commit, Committed, Refused, StoreError

KEY = "tally:{1.0}:partition:0"
H, S, L, C = (f"tally:{{1.0}}:{name}" for name in "hslc")
"""A hash, a string, a list and a hash of counters, of the same shard."""


class Tables:
    """One store from both sides, reading and writing."""

    def __init__(self, reading: Any, writing: Any) -> None:
        self.read = reading.read
        self.commit = writing.commit
        self.claim = writing.claim
        self.ask = writing.ask
        self.settings = writing.settings
        self.writing = writing


SERVERS = ["valkey", "redis7", "valkey_cluster", "redis7_cluster"]


@pytest.fixture(params=["memory", *SERVERS])
async def tables(request: pytest.FixtureRequest) -> AsyncIterator[Tables]:
    if request.param == "memory":
        store = MemoryStore()
        yield Tables(store, store)
        return
    url = request.getfixturevalue(request.param)
    reading, writing = RedisStore(url), RedisWritableStore(url)
    yield Tables(reading, writing)
    reading.close()
    await writing.aclose()


def commit(version: int = 0, start: int = 0, end: int = 10, **changes: Any) -> Commit:
    return Commit(KEY, version, {"email-events": (start, end)}, committed_at=1_760_000_000_000, **changes)


async def test_a_commit_writes_everything_it_names(tables: Tables) -> None:
    outcome = await tables.commit(
        commit(
            progress={"contacts:a": 2},
            hashes={H: {"one": b"\x00\xff", "two": b""}},
            strings={S: [(0, b"abc"), (5, b"de")]},
            appends={L: ["x", "y"]},
            lengths={L: 0},
            counters={C: {"n": 3, "m": -2}},
            registrations={H: ["one", "new"]},
        )
    )
    assert Committed(1) == outcome
    answers = tables.read([("HGETALL", KEY), ("HGETALL", H), ("GET", S), ("LRANGE", L, 0, -1), ("HGETALL", C)])
    expected_progress = {b"version": b"1", b"offset:email-events": b"10", b"contacts:a": b"2", b"committed_at": b"1760000000000"}
    assert [
        expected_progress,
        {b"one": b"\x00\xff", b"two": b"", b"new": b""},
        b"abc\0\0de",
        [b"x", b"y"],
        {b"n": b"3", b"m": b"-2"},
    ] == answers


async def test_a_later_commit_adds_overwrites_and_appends(tables: Tables) -> None:
    first = commit(strings={S: [(0, b"abcdef")]}, appends={L: ["x"]}, lengths={L: 0}, counters={C: {"n": 3}})
    second = commit(1, 10, 12, strings={S: [(2, b"XY"), (8, b"Z")]}, appends={L: ["y"]}, lengths={L: 1}, counters={C: {"n": -3, "k": 1}})
    assert Committed(1) == await tables.commit(first)
    assert Committed(2) == await tables.commit(second)
    assert tables.read([("GET", S), ("LRANGE", L, 0, -1), ("HGETALL", C)]) == [b"abXYef\0\0Z", [b"x", b"y"], {b"n": b"0", b"k": b"1"}]


@pytest.mark.parametrize(
    ("stale", "told"),
    [
        (commit(0, 10, 20, counters={C: {"n": 1}}), "version"),
        (commit(1, 0, 20, counters={C: {"n": 1}}), "offset of email-events"),
        (commit(1, 10, 20, counters={C: {"n": 1}}, appends={L: ["z"]}, lengths={L: 5}), "{1.0}:l has 1 entries"),
    ],
    ids=["stale version", "stale offset", "stale list"],
)
async def test_a_stale_commit_is_refused_and_writes_nothing(tables: Tables, stale: Commit, told: str) -> None:
    await tables.commit(commit(appends={L: ["x"]}, lengths={L: 0}))
    before = tables.read([("HGETALL", KEY), ("LRANGE", L, 0, -1), ("EXISTS", C)])
    outcome = await tables.commit(stale)
    assert isinstance(outcome, Refused)
    assert told in outcome.reason
    assert before == tables.read([("HGETALL", KEY), ("LRANGE", L, 0, -1), ("EXISTS", C)])


async def test_a_commit_written_twice_is_refused_the_second_time(tables: Tables) -> None:
    assert Committed(1) == await tables.commit(commit(counters={C: {"n": 1}}))
    assert isinstance(await tables.commit(commit(counters={C: {"n": 1}})), Refused)
    assert tables.read([("HGET", C, "n")]) == [b"1"]


async def test_offsets_of_topics_move_by_themselves_under_one_version(tables: Tables) -> None:
    await tables.commit(commit())
    await tables.commit(Commit(KEY, 1, {"meeting-events": (0, 4)}, committed_at=1))
    assert tables.read([("HMGET", KEY, "version", "offset:email-events", "offset:meeting-events")]) == [[b"2", b"10", b"4"]]


async def test_offsets_keep_their_digits_beyond_what_a_float_holds(tables: Tables) -> None:
    large = 2**53 + 1
    await tables.commit(commit(0, 0, large))
    assert Committed(2) == await tables.commit(commit(1, large, large + 2))
    assert [str(large + 2).encode()] == tables.read([("HGET", KEY, "offset:email-events")])


async def test_a_large_commit_passes_the_limits_of_a_script(tables: Tables) -> None:
    many = {f"field {i}": bytes([i % 256]) * 100 for i in range(20_000)}
    names = [f"name {i}" for i in range(20_000)]
    outcome = await tables.commit(
        commit(hashes={H: many}, appends={L: names}, lengths={L: 0}, counters={f"{C}{i}": {"n": i} for i in range(5_000)})
    )
    assert Committed(1) == outcome
    assert tables.read([("HLEN", H), ("LLEN", L), ("LRANGE", L, -1, -1), ("HGET", f"{C}4999", "n")]) == [
        20_000,
        20_000,
        [b"name 19999"],
        b"4999",
    ]


async def test_what_is_missing_reads_as_empty(tables: Tables) -> None:
    questions: list[Any] = [("HGETALL", "x"), ("HGET", "x", "f"), ("HMGET", "x", "f", "g"), ("HLEN", "x"), ("GET", "x"), ("STRLEN", "x")]
    questions += [("LRANGE", "x", 0, -1), ("LLEN", "x"), ("LINDEX", "x", 0), ("EXISTS", "x")]
    expected: list[Any] = [{}, None, [None, None], 0, None, 0, [], 0, None, 0]
    assert expected == tables.read(questions)
    assert expected == await tables.ask(questions)


async def test_a_worker_is_there_until_it_leaves_or_says_nothing_any_more(tables: Tables) -> None:
    def worker(name: str, applied: int) -> Presence:
        return Presence(name, "host", 7, 1, [0, 2], applied, 1_760_000_000_000, None)

    await publish(tables.writing, worker("b", 1), 60)
    await publish(tables.writing, worker("a", 1), 60)
    await publish(tables.writing, worker("b", 2), 60)
    assert await present(tables.writing) == [worker("a", 1), worker("b", 2)]
    await leave(tables.writing, "a")
    await publish(tables.writing, worker("b", 3), 0.05)
    await publish(tables.writing, worker("c", 1), 60)
    await asyncio.sleep(0.1)
    assert await present(tables.writing) == [worker("c", 1)]
    await leave(tables.writing, "nobody")


async def test_what_is_claimed_once_stays(tables: Tables) -> None:
    assert await tables.claim("g", "active", "1") == "1"
    assert await tables.claim("g", "active", "2") == "1"


@pytest.mark.parametrize("name", SERVERS)
async def test_a_key_of_a_foreign_type_stops_the_commit_before_its_first_write(request: pytest.FixtureRequest, name: str) -> None:
    url = request.getfixturevalue(name)
    store = RedisWritableStore(url)
    await store.commit(commit(strings={S: [(0, b"abc")]}))
    before = await store.ask([("HGETALL", KEY), ("EXISTS", H)])
    with pytest.raises(StoreError, match=r"key .*:s is a string, not a hash"):
        await store.commit(commit(1, 10, 11, hashes={H: {"a": b"1"}}, counters={S: {"n": 1}}))
    assert before == await store.ask([("HGETALL", KEY), ("EXISTS", H)])
    await store.aclose()


@pytest.mark.parametrize("name", ["valkey", "redis7"])
async def test_a_full_chunk_takes_no_more_memory_than_it_needs(request: pytest.FixtureRequest, name: str) -> None:
    url = request.getfixturevalue(name)
    store = RedisWritableStore(url)
    size = CHUNK_ROWS * ROW.itemsize
    half = size // 2
    await store.commit(commit(strings={"s": [(0, b"x" * half)]}))
    await store.commit(commit(1, 10, 11, strings={"s": [(half, b"y" * (size - half))]}))
    content, taken = await store.ask([("GET", "s"), ("MEMORY", "USAGE", "s")])
    assert content == b"x" * half + b"y" * (size - half)
    assert taken < size * 1.2
    await store.aclose()


@pytest.mark.parametrize("steps", [{}, {"s:1": ["st-1", "st-2"]}])
async def test_a_script_finds_and_reads_what_has_moved(tables: Tables, steps: dict[str, list[str]]) -> None:
    prefix, account = "tally:{1.0}:", "a"
    cells_key = f"{prefix}cells:0:0:a{SEPARATOR}s:1{SEPARATOR}st-2"
    await tables.commit(
        commit(
            strings={
                f"{prefix}rows:0:0:a{SEPARATOR}s:1": [(0, b"\x00\xff")],
                f"{prefix}rows:0:1:a{SEPARATOR}s:1": [(0, b"two")],
                cells_key: [(0, b"c")],
            },
            counters={f"{prefix}chunks:a": {"0:0:s:1": 1, "0:1:s:1": 2}},
        )
    )

    def moved(seen: Sequence[int], known: dict[str, str], cells: dict[str, str]) -> Moved:
        part = MovedChunks(seen, known, cells, steps)
        return part.answer(tables.read(part.questions(Keys(Layout(1, 1, 4), account))))

    of_steps = [b"", b"c"] if steps else None
    first, second = ("0:0:s:1", "1", b"\x00\xff", of_steps), ("0:1:s:1", "2", b"two", [b"", b""] if steps else None)
    everything = moved((), {}, {})
    assert sorted(everything.chunks) == [first, second]
    assert (everything.total, everything.whole) == (2, True)
    known = {"0:0:s:1": "1", "0:1:s:1": "2"}
    assert moved((), {"0:0:s:1": "1", "0:1:s:1": "1"}, {}).chunks == [second]
    assert moved((0, 0), known | {"0:1:s:1": "1"}, {}).chunks == [second]
    assert moved((), known, {}) == Moved([], 2, whole=True)
    # As of these versions the reader has everything, so nobody looks.
    assert moved((1, 0), {}, {}) == Moved([], None, whole=True)
    if steps:
        assert moved((), known, {"0:0:s:1": "", "0:1:s:1": "2"}).chunks == [("0:0:s:1", "1", None, of_steps)]
        assert moved((), known, {"0:0:s:1": "1", "0:1:s:1": "2"}).chunks == []


async def test_a_script_does_not_read_more_than_its_limit(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moved_chunks, "LIMIT", 2)
    prefix = "tally:{1.0}:"
    await tables.commit(commit(counters={f"{prefix}chunks:a": {f"0:{number}:s": 1 for number in range(3)}}))
    known: dict[str, str] = {}
    for left in (2, 1):
        part = MovedChunks((), known, {}, {})
        found = part.answer(tables.read(part.questions(Keys(Layout(1, 1, 4), "a"))))
        assert (len(found.chunks), found.total, found.whole) == (left, 3, left == 1)
        known |= {one.address: one.version for one in found.chunks}
