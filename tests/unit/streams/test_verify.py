"""verify names what is wrong, and nothing else: one thing in the store is broken, and it must be found under its name."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest

from events.log.record import Record
from events.partitioner import partition_for
from events.topics import CONTACT, EMAIL, record_key
from projections import codec, dashboards, definitions, generations
from projections.canonical import CELL_FIELDS, ROW_FIELDS
from projections.difference import Difference
from projections.tables.layout import ACCOUNT_COUNTERS, COUNTERS, ROW, SEPARATOR, STEP_CELL, STEP_COUNTERS
from projections.tables.memory import MemoryStore
from projections.tables.store import Question, StoreError
from streams.partition_check import Scope
from streams.positions import HoleInLog
from streams.verify import NotThere, verify
from tests.folding import PARTITIONS, STAMP
from tests.history_log import HistoryLog, projected, while_projecting
from tests.stories import event, story

PREFIX = "tally:{1.0}:"


HISTORY = [
    *(one for contact in ("c-1", "c-2", "c-3", "c-4") for one in story(contact)),
    *story("c-1", account="acme"),
    event("sequence.defined", "08:00", sequence_id="s-1", name="Spring", version=1, steps=[]),
    event("dashboard.saved", "08:00", dashboard_id="d-1", name="Sales", cards=[]),
]
CONTACT_ID = "c-2"
PARTITION = partition_for(record_key("default", CONTACT_ID), PARTITIONS)
CHUNK = f"{PARTITION}:0:default{SEPARATOR}s-1"


@pytest.fixture
def log() -> HistoryLog:
    log = HistoryLog(HISTORY)
    log.spoil(EMAIL, 0)
    return log


@pytest.fixture
def store(log: HistoryLog) -> MemoryStore:
    store = MemoryStore()
    projected(log, store)
    assert verify(store, log).clean
    return store


def state(store: MemoryStore, contact_id: str = CONTACT_ID) -> Any:
    return codec.decode(store.hashes[f"{PREFIX}contacts:{PARTITION}:default"][contact_id.encode()])


def put_state(store: MemoryStore, contact: Any, contact_id: str = CONTACT_ID) -> None:
    store.hashes[f"{PREFIX}contacts:{PARTITION}:default"][contact_id.encode()] = codec.encode(contact)


def row_number(store: MemoryStore) -> int:
    """The row of the first enrollment of the contact that is broken."""
    return int(state(store).enrollments[0].row)


def only(differences: list[Difference]) -> Difference:
    (one,) = differences
    return one


@pytest.mark.parametrize("name", ROW_FIELDS)
def test_every_field_of_a_row(log: HistoryLog, store: MemoryStore, name: str) -> None:
    rows = np.frombuffer(store.strings[f"{PREFIX}rows:{CHUNK}"], ROW)
    rows.setflags(write=True)
    rows[name][row_number(store)] ^= 1
    found = only(verify(store, log).differences)
    assert (found.table, found.cell) == ("rows", name)
    assert (found.account, found.contact, found.sequence, found.enrollment) == ("default", CONTACT_ID, "s-1", "e-1")
    assert found.left != found.right


@pytest.mark.parametrize("name", CELL_FIELDS)
@pytest.mark.parametrize("step", ["st-1", "st-2"])
def test_every_field_of_a_step_cell_even_of_a_step_that_the_enrollment_never_had(
    log: HistoryLog, store: MemoryStore, name: str, step: str
) -> None:
    key = f"{PREFIX}cells:{CHUNK}{SEPARATOR}{step}"
    store.strings.setdefault(key, bytearray((row_number(store) + 1) * STEP_CELL.itemsize))
    np.frombuffer(store.strings[key], STEP_CELL)[name][row_number(store)] ^= 1
    found = only(verify(store, log).differences)
    assert (found.table, found.cell, found.contact, found.enrollment) == ("cells", f"{name}:{step}", CONTACT_ID, "e-1")


@pytest.mark.parametrize(
    ("key", "field", "table", "sequence"),
    [
        *((f"sequence:default{SEPARATOR}s-1", name, "sequence", "s-1") for name in COUNTERS),
        *(("account:default", name, "account", None) for name in (*COUNTERS, *ACCOUNT_COUNTERS)),
        *((f"steps:default{SEPARATOR}s-1", f"{name}:st-1", "steps", "s-1") for name in STEP_COUNTERS),
        (f"steps:default{SEPARATOR}s-1", "no_step:active", "steps", "s-1"),
    ],
)
def test_every_counter_that_is_off_by_one(
    log: HistoryLog, store: MemoryStore, key: str, field: str, table: str, sequence: str | None
) -> None:
    fields = store.hashes[f"{PREFIX}{key}"]
    before = int(fields.get(field.encode(), b"0"))
    fields[field.encode()] = str(before + 1).encode()
    assert verify(store, log).differences == [Difference(table, field, before + 1, before, "default", sequence=sequence)]


def test_a_flipped_fact(log: HistoryLog, store: MemoryStore) -> None:
    contact = state(store)
    fact = next(fact for fact in contact.facts if fact[0] == 14 and fact[1])  # an open
    contact.facts = contact.facts - {fact} | {(*fact[:6], 1)}  # by a machine
    put_state(store, contact)
    stored, expected = sorted(verify(store, log).differences, key=lambda one: one.left is None)
    assert {stored.table, expected.table} == {"contacts"}
    assert (stored.cell, stored.contact, stored.left[-1], stored.right) == ("fact", CONTACT_ID, (1,), None)
    assert (expected.cell, expected.contact, expected.left, expected.right[-1]) == ("fact", CONTACT_ID, None, (0,))


def test_a_profile_that_nobody_gave(log: HistoryLog, store: MemoryStore) -> None:
    contact = state(store)
    contact.profile.name = "Eve"
    put_state(store, contact)
    found = only(verify(store, log).differences)
    assert (found.table, found.cell, found.contact, found.left[0], found.right[0]) == ("contacts", "profile", CONTACT_ID, "Eve", "Ada")


def test_a_state_that_cannot_be_read(log: HistoryLog, store: MemoryStore) -> None:
    store.hashes[f"{PREFIX}contacts:{PARTITION}:default"][CONTACT_ID.encode()] = b"\xc1"
    found = verify(store, log).differences
    assert [(one.table, one.cell, one.contact) for one in found[:1]] == [("contacts", "state", CONTACT_ID)]
    # Its rows have lost their owner with it.
    assert {(one.table, one.left) for one in found[1:]} == {("rows", "belongs to nobody")}


def test_a_missing_contact(log: HistoryLog, store: MemoryStore) -> None:
    del store.hashes[f"{PREFIX}contacts:{PARTITION}:default"][CONTACT_ID.encode()]
    found = verify(store, log).differences
    assert (found[0].table, found[0].cell, found[0].contact, found[0].left) == ("contacts", "contact", CONTACT_ID, None)
    assert [(one.contact, one.enrollment) for one in found[1:3]] == [(CONTACT_ID, "e-1"), (CONTACT_ID, "e-2")]
    assert {(one.table, one.left) for one in found[3:]} == {("rows", "belongs to nobody")}


def test_a_stray_contact_that_is_listed(log: HistoryLog, store: MemoryStore) -> None:
    ids = store.lists[f"{PREFIX}contact-ids:{PARTITION}:default"]
    stray = codec.decode(codec.encode(state(store)))
    stray.ordinal, stray.enrollments, stray.facts, stray.messages = len(ids), [], set(), []
    ids.append(b"c-stray")
    put_state(store, stray, "c-stray")
    found = only(verify(store, log).differences)
    assert (found.table, found.cell, found.contact, found.right) == ("contacts", "contact", "c-stray", None)


def test_a_stray_contact_that_is_not_listed(log: HistoryLog, store: MemoryStore) -> None:
    put_state(store, state(store), "c-stray")
    found = only(verify(store, log).differences)
    assert (found.table, found.cell, found.contact, found.left) == ("contacts", "contact", "c-stray", "has a state, is not listed")


def test_contacts_that_changed_places(log: HistoryLog, store: MemoryStore) -> None:
    contact = state(store)
    contact.ordinal += 7
    put_state(store, contact)
    found = verify(store, log).differences
    assert {(one.table, one.cell) for one in found} == {("contact-ids", "position"), ("rows", "contact")}
    assert {one.contact for one in found} == {CONTACT_ID}


def test_a_row_too_many(log: HistoryLog, store: MemoryStore) -> None:
    key = f"{PREFIX}rows:{CHUNK}"
    before = len(store.strings[key])
    store.strings[key] += bytes(ROW.itemsize)
    found = only(verify(store, log).differences)
    assert (found.table, found.cell, found.sequence) == ("rows", "bytes of chunk 0", "s-1")
    assert (found.left, found.right) == (before + ROW.itemsize, before)


def test_cells_beyond_the_rows(log: HistoryLog, store: MemoryStore) -> None:
    store.strings[f"{PREFIX}cells:{CHUNK}{SEPARATOR}st-1"] += b"\0" * 700 + b"\1"
    found = only(verify(store, log).differences)
    assert (found.table, found.cell, found.sequence) == ("cells", "cells beyond the rows of chunk 0:st-1", "s-1")


def test_a_row_that_belongs_to_nobody(log: HistoryLog, store: MemoryStore) -> None:
    key = f"{PREFIX}rows:{CHUNK}"
    rows = len(store.strings[key]) // ROW.itemsize
    store.strings[key] += store.strings[key][: ROW.itemsize]
    store.hashes[f"{PREFIX}partition:{PARTITION}"][f"rows:default{SEPARATOR}s-1".encode()] = str(rows + 1).encode()
    found = {(one.table, one.cell): (one.sequence, one.left, one.right) for one in verify(store, log).differences}
    assert found == {
        ("rows", f"row {rows}"): ("s-1", "belongs to nobody", None),
        ("progress", f"rows:default{SEPARATOR}s-1"): ("s-1", rows + 1, rows),
    }


def test_a_row_of_two(log: HistoryLog, store: MemoryStore) -> None:
    contact = state(store)
    contact.enrollments[1].sequence, contact.enrollments[1].row = contact.enrollments[0].sequence, contact.enrollments[0].row
    put_state(store, contact)
    found = verify(store, log).differences
    assert ("rows", "belongs to two", CONTACT_ID) in {(one.table, one.left, one.contact) for one in found}


def test_shared_messages(log: HistoryLog, store: MemoryStore) -> None:
    del store.hashes[f"{PREFIX}shared:{PARTITION}:default"][CONTACT_ID.encode()]
    found = only(verify(store, log).differences)
    assert (found.table, found.contact, found.left) == ("shared", CONTACT_ID, ())


def test_shared_messages_of_nobody(log: HistoryLog, store: MemoryStore) -> None:
    shared = store.hashes[f"{PREFIX}shared:{PARTITION}:default"]
    shared[b"c-stray"] = shared[CONTACT_ID.encode()]
    found = only(verify(store, log).differences)
    assert (found.table, found.contact, found.right) == ("shared", "c-stray", None)


def test_events_that_were_counted_wrong(log: HistoryLog, store: MemoryStore) -> None:
    fields = store.hashes[f"{PREFIX}partition:{PARTITION}"]
    expected = int(fields[b"events"])
    fields[b"events"] = b"9999"
    assert verify(store, log).differences == [Difference("progress", "events", 9999, expected, partition=PARTITION)]
    del fields[b"events"]
    assert verify(store, log).differences == [Difference("progress", "events", 0, expected, partition=PARTITION)]


@pytest.mark.parametrize("table", ["contacts", "names"])
def test_counts_of_the_progress(log: HistoryLog, store: MemoryStore, table: str) -> None:
    field = f"{table}:default"
    store.hashes[f"{PREFIX}partition:{PARTITION}"][field.encode()] = b"99"
    found = only(verify(store, log).differences)
    assert (found.table, found.cell, found.account, found.left) == ("progress", field, "default", 99)


def test_a_name_too_many_and_one_twice(log: HistoryLog, store: MemoryStore) -> None:
    store.lists[f"{PREFIX}names:{PARTITION}:default"] += [b"never", b"s-1"]
    found = verify(store, log).differences
    assert [(one.table, one.cell, one.left, one.right) for one in found] == [("names", "never", 1, None), ("names", "s-1", 2, 1)]


def test_a_chunk_that_is_not_listed_and_one_that_is_not_there(log: HistoryLog, store: MemoryStore) -> None:
    chunks = store.hashes[f"{PREFIX}chunks:default"]
    chunks[f"{PARTITION}:7:s-1".encode()] = chunks.pop(f"{PARTITION}:0:s-1".encode())
    found = verify(store, log).differences
    assert [(one.table, one.cell, one.sequence, one.left, one.right) for one in found] == [
        ("chunks", f"{PARTITION}:0:s-1", "s-1", None, "listed"),
        ("chunks", f"{PARTITION}:7:s-1", "s-1", "listed", None),
    ]


def test_a_definition(log: HistoryLog, store: MemoryStore) -> None:
    sequences = store.hashes[f"{PREFIX}sequences:default"]
    told = definitions.decode(sequences[b"s-1"])
    sequences[b"s-1"] = definitions.encode(msgspec.structs.replace(told, name="Autumn"))
    assert verify(store, log).differences == [Difference("sequences", "name:s-1", "Autumn", "Spring", "default", sequence="s-1")]
    sequences[b"s-1"] = definitions.encode(told)
    del sequences[b"s-2"]
    assert verify(store, log).differences == [Difference("sequences", "s-2", None, "there", "default", sequence="s-2")]


def test_a_dashboard(log: HistoryLog, store: MemoryStore) -> None:
    saved = store.hashes[f"{PREFIX}dashboards:default"]
    saved[b"d-1"] = dashboards.encode(msgspec.structs.replace(dashboards.decode(saved[b"d-1"]), name="Support"))
    assert verify(store, log).differences == [Difference("dashboards", "name:d-1", "Support", "Sales", "default")]


def test_what_was_set_aside(log: HistoryLog, store: MemoryStore) -> None:
    store.hashes[f"{PREFIX}quarantined"][b"not_json"] = b"2"
    assert verify(store, log).differences == [Difference("quarantined", "not_json", 2, 1)]


def test_an_offset(log: HistoryLog, store: MemoryStore) -> None:
    """The tables hold an event more than the offsets say."""
    key = f"offset:{EMAIL}".encode()
    fields = store.hashes[f"{PREFIX}partition:{PARTITION}"]
    events = int(fields[b"events"])
    fields[key] = str(int(fields[key]) - 1).encode()
    found = verify(store, log).differences
    assert Difference("progress", "events", events, events - 1, partition=PARTITION) in found
    last = json.loads(log.records[EMAIL, PARTITION][-1].value or b"")
    assert {one.contact for one in found if one.contact} == {last["data"]["contact_id"]}


def test_an_offset_beyond_the_log_is_an_error(log: HistoryLog, store: MemoryStore) -> None:
    store.hashes[f"{PREFIX}partition:{PARTITION}"][f"offset:{EMAIL}".encode()] = b"99999"
    with pytest.raises(HoleInLog, match=f"{EMAIL}/{PARTITION} ends at offset .*, before 99999"):
        verify(store, log)


def test_a_log_that_has_lost_its_beginning_is_an_error_that_names_what_is_gone(log: HistoryLog, store: MemoryStore) -> None:
    log.begins[EMAIL, PARTITION] = 3
    with pytest.raises(HoleInLog, match=f"{EMAIL}/{PARTITION} begins at offset 3: records 0 to 2 are gone"):
        verify(store, log)


def test_a_hole_in_the_middle_is_an_error_unless_gaps_are_allowed(log: HistoryLog, store: MemoryStore) -> None:
    del log.records[EMAIL, PARTITION][1:3]
    with pytest.raises(HoleInLog, match=f"{EMAIL}/{PARTITION} holds nothing from offset 1 to 2"):
        verify(store, log)
    assert not verify(store, log, allow_gaps=True).clean


def test_a_tombstone_without_an_erasure_empties_the_profile() -> None:
    log, store = HistoryLog(story("c-1")), MemoryStore()
    key = record_key("default", "c-1")
    partition = partition_for(key, PARTITIONS)
    log.records[CONTACT, partition].append(Record(CONTACT, partition, log.end(CONTACT, partition), STAMP, key, None))
    projected(log, store)
    assert verify(store, log).clean
    contact = next(one for one in log.records[CONTACT, partition] if one.value)
    log.records[CONTACT, partition].append(contact._replace(offset=log.end(CONTACT, partition)))
    assert verify(store, log).clean, "what is not applied yet is not asked for"


def test_what_compaction_took_is_no_difference() -> None:
    log = HistoryLog(
        [
            *story("c-1"),
            event("contact.updated", "08:30", contact_id="c-1", name="Ada L."),
            event("contact.updated", "08:00", contact_id="c-gone", name="Bob"),
            event("contact.erased", "08:30", contact_id="c-gone"),
        ]
    )
    gone = partition_for(record_key("default", "c-gone"), PARTITIONS)
    log.spoil(CONTACT, gone)
    key = record_key("default", "c-gone")
    log.records[CONTACT, gone] += [Record(CONTACT, gone, log.end(CONTACT, gone), STAMP, key, None)]
    log.spoil(CONTACT, gone)
    store = MemoryStore()
    projected(log, store)
    assert verify(store, log).clean
    log.compact()
    found = verify(store, log)
    assert found.differences == []
    assert found.not_compared == [f"names of 1 contacts in partition {gone}: compaction took their records"]


def test_a_name_that_a_later_record_has_replaced_in_the_log_cannot_be_compared() -> None:
    log, store = HistoryLog(story("c-1")), MemoryStore()
    projected(log, store)
    log.add(event("contact.updated", "08:30", contact_id="c-1", name="Ada L."))
    log.compact()
    found = verify(store, log)
    assert found.differences == []
    assert "compaction" in only_text(found.not_compared)


def only_text(told: list[str]) -> str:
    (one,) = told
    return one


def both(store: MemoryStore) -> None:
    """Break a counter and a contact of s-1, and the contact c-3 besides."""
    store.hashes[f"{PREFIX}sequence:default{SEPARATOR}s-1"][b"total.sent"] = b"77"
    store.hashes[f"{PREFIX}sequence:default{SEPARATOR}s-2"][b"total.sent"] = b"77"
    contact = state(store)
    contact.profile.name = "Eve"
    put_state(store, contact)


@pytest.mark.parametrize(
    ("scope", "tables", "contacts"),
    [
        (Scope(), ["contacts", "sequence", "sequence"], 5),
        (Scope(contact=CONTACT_ID), ["contacts"], 1),
        (Scope(contact="c-3"), [], 1),
        (Scope(sequence="s-1"), ["contacts", "sequence"], 4),
        (Scope(account="acme", sequence="s-1"), [], 1),
        (Scope(partitions=frozenset({PARTITION})), ["contacts"], None),
        (Scope(sample=0.0001, seed=1), ["sequence", "sequence"], 0),
    ],
)
def test_what_is_narrowed_down(log: HistoryLog, store: MemoryStore, scope: Scope, tables: list[str], contacts: int | None) -> None:
    both(store)
    found = verify(store, log, scope=scope)
    assert [one.table for one in found.differences] == tables
    assert contacts is None or found.contacts == contacts
    assert bool(found.not_compared) == (scope != Scope())


def test_a_contact_alone_is_found_missing_and_found_stray(log: HistoryLog, store: MemoryStore) -> None:
    ids = store.lists[f"{PREFIX}contact-ids:{PARTITION}:default"]
    ids[ids.index(CONTACT_ID.encode())] = b"c-other"
    found = verify(store, log, scope=Scope(contact=CONTACT_ID)).differences
    assert [(one.table, one.contact, one.left) for one in found[:1]] == [("contacts", CONTACT_ID, None)]


@pytest.mark.parametrize("scope", [Scope(contact="c-9"), Scope(sequence="s-9"), Scope(partitions=frozenset({9}))])
def test_what_no_event_has_named_is_an_error(log: HistoryLog, store: MemoryStore, scope: Scope) -> None:
    with pytest.raises(NotThere, match="9"):
        verify(store, log, scope=scope)


def test_generations_that_cannot_be_verified(log: HistoryLog, store: MemoryStore) -> None:
    with pytest.raises(StoreError, match="there is no generation yet"):
        verify(MemoryStore(), log)
    with pytest.raises(StoreError, match="generation 5 is not there"):
        verify(store, log, generation=5)
    old = msgspec.structs.replace(projected(log, store, number=2), code_hash="old")
    store.hashes[generations.KEY][b"2"] = msgspec.json.encode(old)
    with pytest.raises(StoreError, match="another version of the fold"):
        verify(store, log, generation=2)


def test_the_progress_is_told(log: HistoryLog, store: MemoryStore) -> None:
    told: list[tuple[int, int]] = []
    verify(store, log, progress=lambda read, of: told.append((read, of)))
    everything = sum(len(records) for records in log.records.values())
    assert told[-1] == (everything, everything)
    assert told == sorted(told)


class Growing(MemoryStore):
    """Something more is projected before every answer, while there is something."""

    def __init__(self, log: HistoryLog) -> None:
        super().__init__()
        self._log = log
        self._fifths = 0
        self._is_growing = False

    def read(self, questions: Sequence[Question]) -> list[Any]:
        if not self._is_growing and self._fifths < 5:
            self._is_growing = True
            self._fifths += 1
            projected(self._log, self, share=self._fifths / 5)
            self._is_growing = False
        return super().read(questions)


def test_it_is_clean_when_the_tables_are_others_at_every_question() -> None:
    """Accounts and sequences too, which come one after the other."""
    events = [one for number in range(12) for one in story(f"c-{number}", account=f"a-{number % 3}")]
    for number, one in enumerate(events):
        if "sequence_id" in one["data"]:
            one["data"]["sequence_id"] += f"-{number // 40}"
    found = verify(Growing(HistoryLog(events)), HistoryLog(events))
    assert found.differences == []
    assert found.events > len(events) / 2


def test_it_is_clean_while_a_projector_commits(valkey: str) -> None:
    log = HistoryLog([one for number in range(120) for one in story(f"c-{number}")])
    found = while_projecting(log, valkey, lambda store: verify(store, log))
    assert [one.differences for one in found if not one.clean] == []
    assert len({one.events for one in found}) > 2, "it has not run while the projector did"
    assert found[-1].events == 120 * 11
