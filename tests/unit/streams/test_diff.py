"""diff names what is different between two generations, and says what it could not compare."""

from random import Random

import pytest

from events.partitioner import partition_for
from events.topics import record_key
from projections import codec
from projections.difference import Difference
from projections.tables.layout import SEPARATOR
from projections.tables.memory import MemoryStore
from projections.tables.redis import RedisStore
from projections.tables.store import StoreError
from streams.diff import diff
from tests.folding import PARTITIONS
from tests.history_log import HistoryLog, projected, projected_into_redis, while_projecting
from tests.stories import event, story

CONTACT_ID = "c-2"
PARTITION = partition_for(record_key("default", CONTACT_ID), PARTITIONS)
OPENED = event("email.opened", "10:30", contact_id=CONTACT_ID, message_id="m-1")
HISTORY = [
    *(one for contact in ("c-1", "c-2", "c-3") for one in story(contact)),
    *story("c-1", account="acme"),
    event("enrollment.started", "09:00", contact_id="c-4", enrollment_id="e-9", sequence_id="s-9"),
    event("dashboard.saved", "08:00", dashboard_id="d-1", name="Sales", cards=[]),
    # Each is defined in one shard and merely named in the others.
    *(event("sequence.defined", "08:00", sequence_id=one, name=one, version=1, steps=[]) for one in ("s-1", "s-2")),
]


@pytest.fixture
def store() -> MemoryStore:
    """Generations 1 and 2 of one log, folded in different batches into one shard and into three."""
    store = MemoryStore()
    for number, shards in ((1, 1), (2, 3)):
        projected(HistoryLog(HISTORY), store, number=number, shards=shards, random=Random(number))
    return store


def test_generations_of_one_log_are_equal(store: MemoryStore) -> None:
    found = diff(store, HistoryLog(HISTORY), 1, 2)
    assert (found.equal, found.not_compared, found.behind, found.offending) == (True, [], {}, [])
    assert (found.contacts, found.enrollments) == (5, 9)
    assert found.counters > 100


def test_an_event_that_one_generation_alone_has_is_named_by_its_enrollment() -> None:
    """Both have come equally far: where one log has the event, the other repeats an older one."""
    store, log = MemoryStore(), HistoryLog([*HISTORY, OPENED])
    projected(log, store, number=1)
    projected(HistoryLog([*HISTORY, next(one for one in story(CONTACT_ID) if one["type"] == "email.opened")]), store, number=2)
    found = diff(store, log, 1, 2)
    assert (found.behind, found.set_aside) == ({}, 0)
    assert set(found.offending) == {("default", CONTACT_ID, "s-1", "e-1")}
    tables = {(one.table, one.cell): (one.left, one.right) for one in found.differences if one.table != "contacts"}
    assert tables["rows", "opens"] == (2, 1)
    assert tables["sequence", "total.opens"] == (4, 3)


def test_an_enrollment_that_one_generation_alone_has(store: MemoryStore) -> None:
    key = f"tally:{{1.0}}:contacts:{PARTITION}:default"
    contact = codec.decode(store.hashes[key][CONTACT_ID.encode()])
    contact.enrollments[0].enrollment_id = "e-other"
    store.hashes[key][CONTACT_ID.encode()] = codec.encode(contact)
    found = diff(store, HistoryLog(HISTORY), 1, 2)
    assert found.offending == [("default", CONTACT_ID, "s-1", "e-1"), ("default", CONTACT_ID, "s-1", "e-other")]


@pytest.mark.parametrize("behind", [1, 2])
def test_what_lies_between_the_positions_is_set_aside_and_all_the_rest_compared(store: MemoryStore, behind: int) -> None:
    log = HistoryLog(HISTORY)
    log.add(OPENED, event("dashboard.saved", "09:00", dashboard_id="d-1", name="All", cards=[]))
    projected(log, store, number=3 - behind, shards=(3, 1)[behind - 1])
    found = diff(store, log, 1, 2)
    assert found.equal, found.differences
    dashboards = partition_for(b"default", PARTITIONS)
    assert sum(found.behind.values()) == 2
    assert set(found.behind) == {PARTITION, dashboards}
    assert (found.set_aside, found.contacts) == (1, 4)
    assert found.moved == [("default", CONTACT_ID, "s-1", "e-1")]
    assert found.not_compared == [
        "contacts that the records between the two positions are about: 1",
        "counters of sequences that they are in: s-1, s-2",
        "counters over all sequences, of accounts: default",
        "sequences and dashboards that they define: d-1",
        "how many records are in quarantine",
    ]


def test_what_is_not_between_the_positions_is_found_all_the_same(store: MemoryStore) -> None:
    log = HistoryLog(HISTORY)
    log.add(OPENED)
    projected(log, store, number=1)
    store.hashes[f"tally:{{1.0}}:sequence:default{SEPARATOR}s-9"][b"status.active"] = b"5"
    store.hashes[f"tally:{{1.0}}:sequence:default{SEPARATOR}s-1"][b"total.sent"] = b"5"  # c-2 adds to it: cannot be told
    partition = partition_for(record_key("default", "c-3"), PARTITIONS)
    key = f"tally:{{1.0}}:contacts:{partition}:default"
    contact = codec.decode(store.hashes[key][b"c-3"])
    assert contact.profile is not None
    contact.profile.name = "Eve"
    store.hashes[key][b"c-3"] = codec.encode(contact)
    profile, counter = diff(store, log, 1, 2).differences
    assert (profile.table, profile.cell, profile.contact) == ("contacts", "profile", "c-3")
    assert counter == Difference("sequence", "status.active", 5, 1, "default", sequence="s-9")


@pytest.mark.parametrize(
    ("key", "field", "table"),
    [
        (f"sequence:default{SEPARATOR}s-1", "total.sent", "sequence"),
        (f"steps:default{SEPARATOR}s-1", "sent:st-1", "steps"),
        ("account:acme", "waiting", "account"),
        ("quarantined", "not_json", "quarantined"),
    ],
)
def test_every_sum(store: MemoryStore, key: str, field: str, table: str) -> None:
    store.hashes.setdefault(f"tally:{{1.0}}:{key}", {})[field.encode()] = b"99"
    (found,) = diff(store, HistoryLog(HISTORY), 1, 2).differences
    assert (found.table, found.cell, found.left) == (table, field, 99)


def test_a_contact_that_only_one_has(store: MemoryStore) -> None:
    for number in (0, 1, 2):
        ids = store.lists.get(f"tally:{{2.{number}}}:contact-ids:{PARTITION}:default", [])
        if CONTACT_ID.encode() in ids:
            ids.remove(CONTACT_ID.encode())
            del store.hashes[f"tally:{{2.{number}}}:contacts:{PARTITION}:default"][CONTACT_ID.encode()]
    for one, other, missing in ((1, 2, "right"), (2, 1, "left")):
        found = diff(store, HistoryLog(HISTORY), one, other)
        assert {difference.contact for difference in found.differences} == {CONTACT_ID}
        assert getattr(found.differences[0], missing) is None
        assert [enrollment for *_, enrollment in found.offending] == ["e-1", "e-2"]


def test_a_generation_that_is_not_there_and_one_of_another_log(store: MemoryStore) -> None:
    with pytest.raises(StoreError, match="generation 3 is not there"):
        diff(store, HistoryLog(HISTORY), 1, 3)
    other = store.hashes["tally:generations"]
    other[b"2"] = other[b"2"].replace(b'"partitions":4', b'"partitions":2')
    with pytest.raises(StoreError, match="4 and 2 partitions"):
        diff(store, HistoryLog(HISTORY), 1, 2)


def test_the_rest_is_equal_while_a_projector_commits(valkey: str) -> None:
    """Generation 1 is written while it is compared with generation 2, which stands still: it catches up and goes ahead."""
    log = HistoryLog([one for number in range(120) for one in story(f"c-{number}")])
    projected_into_redis(log, valkey, number=2, share=0.5)
    found = while_projecting(log, valkey, lambda store: diff(store, log, 1, 2))
    assert [one.differences for one in found if not one.equal] == []
    assert any(one.set_aside and one.contacts for one in found)
    projected_into_redis(log, valkey, number=2)
    with RedisStore(valkey) as store:
        whole = diff(store, log, 1, 2)
    assert (whole.behind, whole.not_compared, whole.contacts) == ({}, [], 120)
