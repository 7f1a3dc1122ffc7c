"""Ids in a reader's memory: read once, and never of other tables than the rows."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import pytest

from projections import generations, identities
from projections.generations import Generation
from projections.identities import Identity, Superseded, places
from projections.reports import report
from projections.row_cache import Snapshot
from projections.tables.layout import shard_prefix
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from projections.tables.store import Question, StoreError
from tests.arrivals import Arrivals
from tests.folding import folded
from tests.unit.projections.reports.test_lists import opened

PREFIX = shard_prefix(1, 0)


class Watched(MemoryStore):
    """Remembers which people were asked for, and lets something happen before each reading."""

    def __init__(self) -> None:
        super().__init__()
        self.people: list[str] = []
        self.before: Callable[[], None] = lambda: None

    def become(self, numbers: Sequence[int]) -> "Watched":
        """Hold these people alone, as if nobody else had ever been there."""
        made = folded([one for number in numbers for one in opened(number)])
        self.hashes, self.strings, self.lists = made.hashes, made.strings, made.lists
        return self

    def read(self, questions: Sequence[Question]) -> list[Any]:
        self.before()
        for command, key, *names in questions:
            if ":contacts:" in str(key) and command == "HMGET":
                self.people += map(str, names)
            elif ":contact-ids:" in str(key):
                self.people.append(f"from {names[0]!r}")
        return super().read(questions)

    def asked(self) -> list[str]:
        asked, self.people = sorted(set(self.people)), []
        return asked


def ids(reader: Reader, snapshot: Snapshot | None = None) -> list[str]:
    """The ids of all enrollments."""
    snapshot = snapshot or reader.rows("default")
    rows = snapshot.table.rows()
    found = reader.identities.of(snapshot, places(rows, np.arange(len(rows))))
    assert all(one == Identity(f"e-{one.contact_id[2:]}", one.contact_id) for one in found)
    return sorted(one.enrollment_id for one in found)


def test_nothing_is_read_twice_and_of_a_contact_that_came_since_only_its_own() -> None:
    store = Watched()
    arrivals, reader = Arrivals([one for number in (1, 2, 3) for one in opened(number)], store), Reader(store)
    arrivals.up_to(4)
    assert ids(reader) == ["e-1", "e-2"]
    assert store.asked() == ["c-1", "c-2", "from 0"]
    assert ids(reader) == ["e-1", "e-2"]
    assert store.asked() == []
    arrivals.up_to(6)
    assert ids(reader) == ["e-1", "e-2", "e-3"]
    assert store.asked()[0] == "c-3"


def test_many_are_read_in_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities, "_AT_ONCE", 3)
    assert ids(Reader(Watched().become(range(10)))) == sorted(f"e-{number}" for number in range(10))


def test_a_page_reads_the_names_of_its_own_people_only() -> None:
    store = Watched().become(range(5))
    reader = Reader(store)
    report("enrollments", reader, account="default")
    store.asked()
    report("enrollments", reader, account="default", parameters={"limit": ["2"]})
    assert store.asked() == ["c-3", "c-4"]


def test_a_store_that_began_anew_is_not_taken_for_the_old_one() -> None:
    store = Watched().become([1, 2, 3, 4])
    for key, fields in store.hashes.items():
        if key.startswith(f"{PREFIX}partition:"):
            fields[b"version"] = b"9"
    reader = Reader(store)
    snapshot = reader.rows("default")
    assert ids(reader, snapshot) == ["e-1", "e-2", "e-3", "e-4"]
    store.become([7, 8])
    with pytest.raises(Superseded):
        reader.identities.profiles(snapshot, [(0, "c-1")])
    assert ids(reader) == ["e-7", "e-8"]


def cut_over(store: Watched, numbers: Sequence[int]) -> None:
    store.become(numbers)
    tables: Any = (store.hashes, store.strings, store.lists)
    for table in tables:
        for key in list(table):
            table[key.replace("{1.0}", "{2.0}")] = table.pop(key)
    made = msgspec.json.encode(Generation(number=2, partitions=4, shards=1, code_hash="", made_at=0))
    store.hashes[generations.KEY] = {b"active": b"2", b"2": made}


def test_a_cutover_between_rows_and_names_is_followed() -> None:
    store = Watched().become([1, 2, 3])
    reader = Reader(store)
    rounds = iter(range(1, 100))

    def before() -> None:
        if next(rounds) == 2:  # the first brought the rows
            cut_over(store, [3, 2, 1])

    store.before = before
    answer = report("enrollments", reader, account="default").model_dump()
    assert [row["enrollment_id"] for row in answer["enrollments"]] == ["e-3", "e-2", "e-1"]
    assert [row["contact_id"] for row in answer["enrollments"]] == ["c-3", "c-2", "c-1"]
    assert answer["as_of"]["generation"] == 2


def test_a_row_without_a_contact_is_damage() -> None:
    store = Watched().become([1])
    reader = Reader(store)
    for key in list(store.hashes):
        if ":contacts:" in key:
            store.hashes[key].clear()
    with pytest.raises(StoreError, match="project the log anew"):
        ids(reader)
