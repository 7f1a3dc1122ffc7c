"""The rows in a reader's memory: read once, refreshed by what moved, never of two instants."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

from projections import generations
from projections.definitions import Definition
from projections.generations import Generation
from projections.reports import report
from projections.row_cache import Snapshot
from projections.tables.layout import CHUNK_ROWS, ROW, SEPARATOR
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from projections.tables.store import Question
from tests.unit.projections.reports.tables_by_hand import ACCOUNT, PREFIX, Enrolled, fill

CATALOGUE = {"s-1": Definition(1, 5, "One"), "s-2": Definition()}
ONE = Enrolled("c-1", "s-1", company="co-1", steps={"st-1": (frozenset({"executed"}), frozenset())})


class Watched(MemoryStore):
    """Remembers what was asked, and lets a worker in between two readings."""

    def __init__(self) -> None:
        super().__init__()
        self.rounds: list[Sequence[Question]] = []
        self.before_round: Callable[[int], None] = lambda _: None

    def read(self, questions: Sequence[Question]) -> list[Any]:
        self.before_round(len(self.rounds))
        self.rounds.append(questions)
        return super().read(questions)

    def asked(self, kind: str) -> list[str]:
        """The keys of a kind that the rounds so far have asked for; then they are forgotten."""
        keys = [str(question[1]).removeprefix(PREFIX) for questions in self.rounds for question in questions]
        self.rounds.clear()
        return [key for key in keys if key.startswith(kind)]


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
    fill(store, enrollments, CATALOGUE)
    chunks = store.hashes[f"{PREFIX}chunks:{ACCOUNT}"]
    for address in chunks:
        partition, number, sequence = address.decode().split(":")
        key = f"{PREFIX}rows:{partition}:{number}:{ACCOUNT}{SEPARATOR}{sequence}"
        chunks[address] = str(int(versions.get(address, b"0")) + (before.get(key) != store.strings[key])).encode()


def test_one_round_trip_while_nothing_moves() -> None:
    store = filled(ONE)
    reader = Reader(store)
    assert started(reader, company=["co-1"]) == 1
    expected = ["rows:0:0:default␟s-1".replace("␟", SEPARATOR)]
    assert expected == store.asked("rows:")
    assert started(reader, company=["co-1"]) == 1
    assert started(reader, company=["co-2"]) == 0
    assert len(store.rounds) == 2
    assert store.asked("rows:") == []


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
    store.rounds.clear()
    refill(store, ONE, other, replace(ONE, contact="c-3", company="co-2"))
    assert started(reader) == 3
    assert len(store.rounds) == 2
    expected = [f"rows:0:0:{ACCOUNT}{SEPARATOR}s-1"]
    assert expected == store.asked("rows:")
    assert started(reader, company=["co-2"]) == 1


def test_what_moves_between_two_rounds_is_read_as_of_one_instant() -> None:
    first, second = ONE, replace(ONE, contact="c-2", sequence="s-2", partition=1, status="finished", outcome="no_response")
    store = filled(first)
    # Between the rounds the first ends, and the second, in another chunk, begins: never are both active.
    moved = (replace(first, status="finished", outcome="no_response"), replace(second, status="active", outcome="active"))

    def commit(number: int) -> None:
        if number == 1:
            refill(store, *moved)

    store.before_round = commit
    answer = report("analyze", Reader(store), account=ACCOUNT, source="rows").model_dump()
    assert answer["enrollments"]["started"] == 2
    assert answer["enrollments"]["active"] == 1


def test_chunks_that_move_in_turn_are_read_as_of_one_instant_too() -> None:
    people = [replace(ONE, contact=f"c-{number}", sequence=("s-1", "s-2")[number], partition=number) for number in range(2)]
    store = filled(*people)
    reader = Reader(store)
    assert started(reader) == 2
    store.rounds.clear()

    def commit(number: int) -> None:
        people.append(replace(people[number % 2], contact=f"d-{number}"))
        refill(store, *people)

    store.before_round = commit
    # A round finds that the first chunk has moved, the next that the second has, and from then on each asks for both.
    assert started(reader) == 5
    assert len(store.rounds) == 3


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
    assert len(store.rounds) == 10


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
    assert len(store.asked("rows:")) == 3
    refill(store, *people, replace(ONE, contact="c-new", company="co-1"))
    assert started(reader, company=["co-1"]) == CHUNK_ROWS + 2
    expected = [f"rows:0:2:{ACCOUNT}{SEPARATOR}s-1"]
    assert expected == store.asked("rows:")


def test_cells_are_read_with_the_rows_of_their_chunk() -> None:
    store = filled(ONE)
    reader = Reader(store)

    def executed() -> int:
        answer = report("steps", reader, account=ACCOUNT, subject="s-1", source="rows").model_dump()
        return int(answer["steps"][0]["executed"])

    assert executed() == 1
    store.rounds.clear()
    assert executed() == 1
    assert len(store.rounds) == 1
    refill(store, ONE, replace(ONE, contact="c-2"))
    assert started(reader) == 2
    assert store.asked("cells:") == []
    assert executed() == 2
    assert store.asked("cells:") == [f"cells:0:0:{ACCOUNT}{SEPARATOR}s-1{SEPARATOR}st-1"]


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
    assert len(snapshot.table.buffer) == 100 * ROW.itemsize


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
