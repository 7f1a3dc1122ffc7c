"""What is asked of which node of a Redis Cluster, and what a reader does when shards are read one after the other."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import redis.exceptions

from projections import takeover
from projections.generations import Generation, make_partitions, register
from projections.tables.cluster import Cluster, address, by_slot, slot_of
from projections.tables.memory import MemoryStore
from projections.tables.reading import Tables
from projections.tables.store import Question

NAMES = ["tally:{1.0}:a", "tally:{1.1}:a", "tally:generations"]


@pytest.mark.parametrize(
    ("url", "host", "expected"),
    [
        ("redis://one:7000/0", b"two", "redis://two:7001/0"),
        (
            "rediss://user:pass%40word@one:7000?ssl_cert_reqs=none",
            b"10.0.0.2",
            "rediss://user:pass%40word@10.0.0.2:7001?ssl_cert_reqs=none",
        ),
        ("redis://one", b"fe80::2", "redis://[fe80::2]:7001"),
        ("redis://one:7000", b"", "redis://one:7001"),
        ("redis://one:7000", None, "redis://one:7001"),
        ("unix://user:word@/run/redis.sock", b"10.0.0.2", "redis://user:word@10.0.0.2:7001"),
        ("unix:///run/redis.sock", b"", "redis://localhost:7001"),
    ],
)
def test_another_node_is_spoken_to_like_the_one_that_named_it(url: str, host: bytes | None, expected: str) -> None:
    assert address(url, host, 7001) == expected


def test_questions_of_one_slot_go_together_and_the_slot_of_the_last_question_comes_last() -> None:
    first, second, third = NAMES
    questions: list[Question] = [
        ("GET", third),
        ("EVAL_RO", "script", 1, second, "x"),
        ("GET", first),
        ("HGET", second, "f"),
        ("GET", third),
    ]
    assert by_slot(questions) == [[2], [1, 3], [0, 4]]
    assert by_slot([]) == []


class ShardByShard(MemoryStore):
    """Reads as on a cluster, and has something happen before every shard."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], Any]] = []

    def read(self, questions: Sequence[Question]) -> list[Any]:
        answers: dict[int, Any] = {}
        for part in by_slot(questions):
            if self.meanwhile:
                self.meanwhile.pop(0)()
            answers |= zip(part, super().read([questions[position] for position in part]), strict=True)
        return [answers[position] for position in range(len(questions))]


@pytest.mark.parametrize("moment", range(4))
def test_a_generation_that_is_dropped_in_the_middle_of_a_reading_is_not_what_is_read(moment: int) -> None:
    store = ShardByShard()

    async def make(number: int, events: int) -> None:
        made = Generation(number, partitions=4, shards=3, code_hash="", made_at=0)
        await make_partitions(store, made)
        await store.change([("HSET", key, "events", events) for key in made.progress_keys()])
        await register(store, made)

    async def replace() -> None:
        await takeover.cutover(store, 2)
        async for _ in takeover.drop(store, 1):
            pass

    asyncio.run(make(1, 10))
    asyncio.run(takeover.cutover(store, 1))
    asyncio.run(make(2, 20))
    tables = Tables(store)
    assert [one.events for one in tables.read("a").progress] == [10] * 4
    store.meanwhile = [lambda: None] * moment + [lambda: asyncio.run(replace())]
    reading = tables.read("a")
    assert (reading.generation, [one.events for one in reading.progress]) == (2, [20] * 4)


class Node:
    """A client of a node: it answers, or says that a slot is elsewhere, or is away."""

    def __init__(self, slots: Sequence[Any], trouble: Exception | None = None) -> None:
        self.slots = slots
        self.trouble = trouble

    def execute_command(self, *_: object) -> Any:
        if isinstance(self.trouble, redis.exceptions.ConnectionError):
            raise self.trouble
        return self.slots

    def answer(self) -> str:
        if self.trouble is not None:
            raise self.trouble
        return "answer"


def all_slots(port: int) -> list[Any]:
    return [[0, 16383, [b"h", port, b"id"]]]


def told(port: int) -> redis.exceptions.MovedError:
    return redis.exceptions.MovedError(f"{slot_of('k')} h:{port}")


def cluster_of(nodes: dict[int, Node]) -> Cluster:
    by_url = {f"redis://h:{port}": node for port, node in nodes.items()}
    return Cluster("redis://h:1", by_url["redis://h:1"], by_url.__getitem__, nodes[1].slots)  # type: ignore[arg-type]


def ask(cluster: Cluster) -> str:
    return cluster.on("k", lambda node: node.answer())  # type: ignore[attr-defined,no-any-return]


def test_a_slot_that_has_moved_is_followed_by_what_the_node_says_that_had_it() -> None:
    first, second = Node(all_slots(1)), Node(all_slots(2))
    cluster = cluster_of({1: first, 2: second})
    assert ask(cluster) == "answer"
    first.trouble, first.slots = told(2), all_slots(2)
    assert ask(cluster) == "answer"


def test_a_slot_that_goes_from_node_to_node_is_given_up() -> None:
    cluster = cluster_of({1: Node(all_slots(2), told(2)), 2: Node(all_slots(1), told(1))})
    with pytest.raises(redis.exceptions.TryAgainError):
        ask(cluster)


def test_after_a_failure_the_others_are_asked_who_has_taken_over() -> None:
    first, second = Node(all_slots(2)), Node(all_slots(2))
    cluster = cluster_of({1: first, 2: second, 3: Node([])})
    assert ask(cluster) == "answer"
    second.trouble = redis.exceptions.ConnectionError("away")
    with pytest.raises(redis.exceptions.ConnectionError, match="away"):
        ask(cluster)
    first.slots = all_slots(3)
    assert ask(cluster) == "answer"


def test_a_slot_that_nobody_has_is_named() -> None:
    cluster = cluster_of({1: Node([[0, 1, [b"h", 1, b"id"]]])})
    with pytest.raises(redis.exceptions.SlotNotCoveredError, match=str(slot_of("k"))):
        ask(cluster)
