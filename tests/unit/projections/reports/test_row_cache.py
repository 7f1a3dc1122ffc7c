"""The rows in a reader's memory: read once, refreshed by what moved, never of two instants."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from bench.commits import refuse
from bench.history import batches, history
from projections import generations
from projections.definitions import Definition
from projections.generations import Generation
from projections.reports import report
from projections.reports.time_zone import start_days
from projections.row_cache import Snapshot
from projections.tables import moved
from projections.tables.layout import CHUNK_ROWS, ROW, SEPARATOR
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from projections.tables.reading import Reading
from projections.tables.redis import RedisStore, RedisWritableStore
from projections.tables.store import Question
from streams.projector import Applied, Projector
from tests.unit.projections.reports.tables_by_hand import ACCOUNT, PREFIX, Enrolled, fill

CATALOGUE = {"s-1": Definition(1, 5, "One"), "s-2": Definition()}
ONE = Enrolled("c-1", "s-1", company="co-1", steps={"st-1": (frozenset({"executed"}), frozenset())})


class Watched(MemoryStore):
    """Remembers what was asked and what came, and lets a worker in before a reading."""

    def __init__(self) -> None:
        super().__init__()
        self.rounds: list[Sequence[Question]] = []
        self.brought: list[Any] = []
        self.before_round: Callable[[int], None] = lambda _: None

    def read(self, questions: Sequence[Question]) -> list[Any]:
        self.before_round(len(self.rounds))
        self.rounds.append(questions)
        answers = super().read(questions)
        self.brought += [answer for question, answer in zip(questions, answers, strict=True) if question[0] == "EVAL_RO" and answer]
        return answers

    def came(self) -> tuple[list[str], list[str]]:
        """(the chunks whose rows have come since this was last asked, those whose cells have)."""
        chunks = [answer[start : start + 4] for answer in self.brought for start in range(1, len(answer), 4)]
        self.brought.clear()
        self.rounds.clear()
        return (
            [address.decode() for address, _, rows, _ in chunks if rows is not None],
            [address.decode() for address, _, _, cells in chunks if cells is not None],
        )


def filled(*enrollments: Enrolled) -> Watched:
    store = Watched()
    fill(store, enrollments, CATALOGUE)
    return store


def started(reader: Reader, **filters: list[str]) -> int:
    answer = report("analyze", reader, account=ACCOUNT, parameters=filters, source="rows").model_dump()
    return int(answer["enrollments"]["started"])


def refill(store: Watched, *enrollments: Enrolled) -> None:
    """What a worker's commit would leave behind: other rows, and higher versions of the chunks whose bytes changed."""
    before, versions = dict(store.strings), dict(store.hashes.get(f"{PREFIX}chunks:{ACCOUNT}", {}))
    partitions = [store.hashes[f"{PREFIX}partition:{number}"][b"version"] for number in range(4)]
    fill(store, enrollments, CATALOGUE)
    for place, version in enumerate(partitions):
        store.hashes[f"{PREFIX}partition:{place}"][b"version"] = version
    chunks = store.hashes[f"{PREFIX}chunks:{ACCOUNT}"]
    for address in chunks:
        partition, number, sequence = address.decode().split(":")
        key = f"{PREFIX}rows:{partition}:{number}:{ACCOUNT}{SEPARATOR}{sequence}"
        is_other = before.get(key) != store.strings[key]
        chunks[address] = str(int(versions.get(address, b"0")) + is_other).encode()
        progress = store.hashes[f"{PREFIX}partition:{partition}"]
        progress[b"version"] = str(int(progress[b"version"]) + is_other).encode()


def test_one_round_trip_each_and_nothing_comes_twice() -> None:
    store = filled(ONE)
    reader = Reader(store)
    assert started(reader, company=["co-1"]) == 1
    assert len(store.rounds) == 1
    assert store.came() == (["0:0:s-1"], [])
    assert started(reader, company=["co-1"]) == 1
    assert started(reader, company=["co-2"]) == 0
    assert len(store.rounds) == 2
    assert store.came() == ([], [])


def test_what_is_here_as_of_a_reading_is_not_asked_for_again() -> None:
    store = filled(ONE)
    reader = Reader(store)

    def answers(standing: Reading) -> list[dict[str, Any]]:
        asked = [("performance", "s-1"), ("steps", "s-1"), ("funnel", "s-1"), ("sequences", None)]
        at = reader.standing_at(standing)
        return [report(name, at, account=ACCOUNT, subject=one, parameters={"company": ["co-1"]}).model_dump() for name, one in asked]

    before = reader.read(ACCOUNT)
    first = answers(before)
    store.rounds.clear()
    assert answers(before) == answers(reader.read(ACCOUNT)) == first
    assert len(store.rounds) == 1, "the reading itself"
    refill(store, ONE, replace(ONE, contact="c-2"))
    assert answers(before) == first, "as of the reading"
    after = reader.read(ACCOUNT)
    assert answers(after)[0]["enrollments"]["started"] == 2
    assert answers(before) == answers(after), "what is gone is not brought back: it is told as of now"
    store.rounds.clear()
    assert report("performance", reader, account=ACCOUNT, subject="s-1", source="rows").model_dump()["enrollments"]["started"] == 2
    assert len(store.rounds) == 1, "who brings no reading always looks"


def test_without_filters_one_round_trip_from_the_first_call_on() -> None:
    for name, subject in (("performance", "s-1"), ("analyze", None), ("steps", "s-1")):
        store = filled(ONE)
        report(name, Reader(store), account=ACCOUNT, subject=subject)
        assert len(store.rounds) == 1


def test_sequences_take_one_round_trip_once_they_are_known() -> None:
    store = filled(ONE)
    reader = Reader(store)
    for rounds in (2, 1, 1):
        store.rounds.clear()
        report("sequences", reader, account=ACCOUNT)
        assert rounds == len(store.rounds)


def test_only_what_moved_is_read_again() -> None:
    other = replace(ONE, contact="c-2", sequence="s-2", partition=1)
    store = filled(ONE, other)
    reader = Reader(store)
    assert started(reader) == 2
    store.came()
    refill(store, ONE, other, replace(ONE, contact="c-3", company="co-2"))
    assert started(reader) == 3
    assert len(store.rounds) == 1
    assert store.came() == (["0:0:s-1"], [])
    assert started(reader, company=["co-2"]) == 1


def test_what_moves_while_the_reader_catches_up_is_read_as_of_one_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script brings one chunk here, so that a worker comes in between."""
    monkeypatch.setattr(moved, "LIMIT", 1)
    people = [replace(ONE, contact=f"c-{number}", sequence=("s-1", "s-2")[number], partition=number) for number in range(2)]
    store = filled(*people)
    # Between the first rounds the first ends, and the second, in another chunk, begins anew: never are both active.
    ended = replace(people[0], status="finished", outcome="no_response")
    before = [people[0], replace(people[1], status="finished", outcome="no_response")]
    fill(store, before, CATALOGUE)

    def commit(number: int) -> None:
        if number == 1:
            refill(store, ended, people[1])

    store.before_round = commit
    answer = report("analyze", Reader(store), account=ACCOUNT, source="rows").model_dump()
    assert answer["enrollments"]["started"] == 2
    assert answer["enrollments"]["active"] == 1
    assert len(store.rounds) > 2


def test_a_chunk_that_moves_all_the_time_is_read_anyway() -> None:
    store = filled(ONE)
    people: list[Enrolled] = [ONE]

    def commit(_: int) -> None:
        people.append(replace(ONE, contact=f"c-{len(people) + 1}"))
        refill(store, *people)

    store.before_round = commit
    reader = Reader(store)
    for _ in range(5):
        assert started(reader) == len(people)


def test_names_are_translated_though_every_partition_numbers_them_its_own_way() -> None:
    people = [
        Enrolled("c-1", "s-1", partition=0, company="co-1", team="co-2"),
        Enrolled("c-2", "s-1", partition=1, company="co-2", team="co-1"),
        Enrolled("c-3", "s-1", partition=3, company="co-2", team=None, variant="co-1"),
    ]
    reader = Reader(filled(*people))
    assert started(reader, company=["co-2"]) == 2
    assert started(reader, company=["co-1"], team=["co-2"]) == 1
    assert started(reader, team=["co-1", "co-2"]) == 2


def test_rows_beyond_one_chunk() -> None:
    people = [replace(ONE, contact=f"c-{number}", company=f"co-{number % 2}") for number in range(2 * CHUNK_ROWS + 3)]
    store = filled(*people)
    reader = Reader(store)
    assert started(reader, company=["co-1"]) == CHUNK_ROWS + 1
    assert len(store.came()[0]) == 3
    refill(store, *people, replace(ONE, contact="c-new", company="co-1"))
    assert started(reader, company=["co-1"]) == CHUNK_ROWS + 2
    assert store.came() == (["0:2:s-1"], [])


def test_cells_are_read_with_the_rows_of_their_chunk() -> None:
    store = filled(ONE)
    reader = Reader(store)

    def executed() -> int:
        answer = report("steps", reader, account=ACCOUNT, subject="s-1", source="rows").model_dump()
        return int(answer["steps"][0]["executed"])

    assert executed() == 1
    store.came()
    assert executed() == 1
    assert len(store.rounds) == 1
    assert store.came() == ([], [])
    refill(store, ONE, replace(ONE, contact="c-2"))
    assert started(reader) == 2
    assert store.came() == (["0:0:s-1"], [])
    assert executed() == 2
    assert store.came() == ([], ["0:0:s-1"])
    refill(store, ONE, replace(ONE, contact="c-2"), replace(ONE, contact="c-3"))
    assert executed() == 3
    assert store.came() == (["0:0:s-1"], ["0:0:s-1"])


def test_a_cutover_between_two_reports_is_followed() -> None:
    store = filled(ONE)
    reader = Reader(store)
    assert started(reader) == 1
    assert report("analyze", reader, account=ACCOUNT).model_dump()["as_of"]["generation"] == 1
    fill(store, [replace(ONE, contact=f"c-{number}", company="co-9") for number in range(5)], CATALOGUE)
    tables: Any = (store.hashes, store.strings, store.lists)
    for table in tables:
        for key in [key for key in table if key.startswith(PREFIX)]:
            table[key.replace("{1.0}", "{2.0}")] = table.pop(key)
    made = msgspec.json.encode(Generation(number=2, partitions=4, shards=1, code_hash="", made_at=0))
    store.hashes[generations.KEY] = {b"active": b"2", b"2": made}
    assert started(reader) == 5
    assert started(reader, company=["co-9"]) == 5
    assert report("analyze", reader, account=ACCOUNT).model_dump()["as_of"]["generation"] == 2


def test_a_store_that_began_anew_is_not_taken_for_the_old_one() -> None:
    store = filled(ONE, replace(ONE, contact="c-2"))
    store.hashes[f"{PREFIX}partition:0"][b"version"] = b"7"
    reader = Reader(store)
    assert started(reader) == 2
    tables: Any = (store.hashes, store.strings, store.lists)
    for table in tables:
        table.clear()
    fill(store, [replace(ONE, company="co-2")], CATALOGUE)
    assert started(reader) == 1
    assert started(reader, company=["co-1"]) == 0


def test_reading_costs_a_row_of_memory_and_not_two() -> None:
    people = [replace(ONE, contact=f"c-{number}") for number in range(100)]
    snapshot = Reader(filled(*people)).rows(ACCOUNT)
    assert snapshot.table.nbytes == 100 * ROW.itemsize


def test_cells_of_several_sequences_and_of_all() -> None:
    other = replace(ONE, contact="c-2", sequence="s-2", partition=1)
    store = filled(ONE, replace(ONE, contact="c-3", steps={}), other)
    reader = Reader(store)
    assert reader.rows(ACCOUNT).cells == {}

    def executed(snapshot: Snapshot) -> dict[str, dict[str, list[int]]]:
        return {sequence: {step: column["facts"].tolist() for step, column in steps.items()} for sequence, steps in snapshot.cells.items()}

    both = {"s-1": {"st-1": [1, 0]}, "s-2": {"st-1": [1]}}
    assert executed(reader.rows(ACCOUNT, cells_of=["s-2"])) == {"s-2": both["s-2"]}
    assert executed(reader.rows(ACCOUNT, cells_of=["s-2", "nobody"])) == {"s-2": both["s-2"], "nobody": {}}
    assert executed(reader.rows(ACCOUNT, cells_of=None)) == both
    assert executed(Reader(store).rows(ACCOUNT, cells_of=None)) == both


def test_a_row_is_found_again_by_its_address_and_a_contact_by_its_ordinal() -> None:
    people = [
        Enrolled(f"c-{number % 300}", sequence, partition=number % 300 % 3)
        for sequence in ("s-1", "s-2")
        for number in range(3 * CHUNK_ROWS + 30)
    ]
    table = Reader(filled(*people)).rows(ACCOUNT).table
    for sequence in (None, "s-1", "s-2"):
        rows = table.rows(sequence)
        positions = np.arange(len(rows))[::-7]
        partitions, numbers = rows.address(positions)
        sequences = [table.sequences[number] for number in rows.column("sequence").take(positions)]
        found = [rows.position(*place) for place in zip(partitions.tolist(), sequences, numbers.tolist(), strict=True)]
        assert found == positions.tolist()
        of_contact, ordinals = table.ordinals(rows.column("contact").take(positions))
        assert of_contact.tolist() == partitions.tolist()
        assert 0 <= int(ordinals.min()) <= int(ordinals.max()) < 100
    assert len(set(table.column("contact").tolist())) == 300
    assert [column.tolist() for column in Reader(filled()).rows(ACCOUNT).table.rows().address(np.zeros(0, np.int64))] == [[], []]


def answers(reader: Reader) -> tuple[int, Any]:
    """(the events that the answers contain, the answers): of everything, under a filter, and of cells; all of one instant each."""
    snapshot = reader.rows(ACCOUNT, cells_of=None)
    rows, names = snapshot.table.rows(), snapshot.table.names
    assert not len(rows) or rows.column("contact").max() < snapshot.table.contacts
    columns = {name: rows.column(name).tolist() for name in (*(ROW.names or ()), "sequence")}
    # A reader numbers names as it comes across them.
    columns |= {name: [names.text(code) for code in columns[name]] for name in ("step", "enrolled_by", "team", "company", "variant")}
    days = start_days(rows, "Europe/Berlin").tolist()
    cells = {(sequence, step): column.tolist() for sequence, steps in snapshot.cells.items() for step, column in steps.items()}
    return sum(progress.events for progress in snapshot.reading.progress), (columns, days, cells)


def test_readers_see_whole_commits_while_a_worker_writes(valkey: str) -> None:
    """Whatever has been kept and patched is what a reader that begins with nothing finds after the same commits."""
    work = [*batches(history(3_000), 40)]
    expected: dict[int, Any] = {}

    async def project(store: Any, each: Callable[[], object]) -> None:
        projector = Projector(store, quarantine=refuse)
        for batch in work:
            assert isinstance(await projector.apply(batch), Applied)
            each()

    twin = MemoryStore()

    def note() -> None:
        applied, answer = answers(Reader(twin))
        expected[applied] = answer

    asyncio.run(project(twin, note))
    found: list[tuple[int, Any]] = []
    writing = threading.Event()
    with RedisStore(valkey) as store:
        reader = Reader(store)

        def read() -> None:
            while not writing.is_set():
                found.append(answers(reader))

        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            asyncio.run(write(valkey, project))
        finally:
            writing.set()
            for thread in threads:
                thread.join()
        found.append(answers(reader))
    for applied, answer in found:
        if applied:
            assert answer == expected[applied]
    assert found[-1][0] == max(expected)
    assert len({applied for applied, _ in found}) > 10


async def write(url: str, project: Callable[[Any, Callable[[], object]], Any]) -> None:
    store = RedisWritableStore(url)
    await project(store, lambda: None)
    await store.aclose()


def test_a_store_set_back_is_read_anew_and_goes_on() -> None:
    store = MemoryStore()
    work = [*batches(history(1_500), 50)]
    projector = Projector(store, quarantine=refuse)
    for batch in work[: len(work) // 2]:
        asyncio.run(projector.apply(batch))
    earlier = deepcopy((store.hashes, store.strings, store.lists))
    for batch in work[len(work) // 2 :]:
        asyncio.run(projector.apply(batch))
    reader = Reader(store)
    complete = answers(reader)
    store.hashes, store.strings, store.lists = earlier
    assert answers(reader) == answers(Reader(store)) != complete
    projector = Projector(store, quarantine=refuse)
    for batch in work[len(work) // 2 :]:
        asyncio.run(projector.apply(batch))
        assert answers(reader) == answers(Reader(store))
    assert answers(reader) == complete
