"""The projector on the store in memory: one commit for each batch, the fence, the quarantine, and what happens when something fails."""

from collections.abc import Sequence
from typing import Any

import pytest

from events.log.record import Record
from events.quarantine.dead_letter import DeadLetter
from events.rfc3339 import parse_time
from projections import account_fold
from projections.dump import Dump, dump
from projections.facts import unite
from projections.tables.memory import MemoryStore
from projections.tables.store import Commit, Committed, Refused, StoreUnavailable
from streams.projector import FAILED, Applied, Batch, FailureLimits, Projector, TooManyFailures
from tests.folding import PARTITIONS, STAMP, Folding, log_of

CONTACT_ID = "c-1"
COUNTERS = ("HGETALL", "tally:{1.0}:account:default")


def event(number: int, type_: str, time: str = "10:00", **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"ev-{number}",
        "source": "mailer",
        "type": type_,
        "time": f"2026-03-02T{time}:00Z",
        "data": {"contact_id": CONTACT_ID, **data},
    }


def instant(time: str) -> int:
    """Milliseconds since 1970 UTC of a time of that day."""
    return parse_time(f"2026-03-02T{time}:00Z")


E = {"enrollment_id": "e-1", "sequence_id": "s-1"}
STORY = [
    event(1, "enrollment.started", "09:00", **E, company_id="co-1"),
    event(2, "email.sent", "09:01", **E, message_id="m-1", step_id="st-1"),
    event(3, "email.delivered", "09:02", message_id="m-1"),
    event(4, "email.opened", "10:00", message_id="m-1"),
    event(5, "email.opened", "10:30", message_id="m-1"),
    event(6, "email.replied", "11:00", message_id="m-1"),
    event(7, "enrollment.finished", "12:00", **E),
    event(8, "contact.updated", "08:00", name="Ada"),
]


def batches(events: Sequence[dict[str, Any]]) -> list[Batch]:
    return [batch_of(records) for records in log_of(events).values() if records]


def batch_of(records: Sequence[Record]) -> Batch:
    return Batch(records[0].topic, records[0].partition, records[0].offset, records[-1].offset + 1, records)


def seen(folding: Folding) -> Dump:
    assert isinstance(folding.store, MemoryStore)
    return dump(folding.store, PARTITIONS)


async def dump_of(events: Sequence[dict[str, Any]]) -> Dump:
    folding = Folding()
    for batch in batches(events):
        assert isinstance(await folding.projector.apply(batch), Applied)
    return seen(folding)


async def test_batches_of_several_topics_in_one_commit_give_what_they_give_alone() -> None:
    together = Folding()
    outcome = await together.projector.apply(*batches(STORY))
    assert Applied(len(STORY), 0, 1) == outcome
    assert await dump_of(STORY) == seen(together)
    assert seen(together)["default"]["counters"]["contacts.replied"] == 1


async def test_batches_of_one_topic_that_follow_each_other_go_in_one_commit() -> None:
    together = Folding()
    (emails,) = (batch for batch in batches(STORY) if batch.topic == "email-events")
    pieces = [batch_of(emails.records[start : start + 2]) for start in range(0, len(emails.records), 2)]  # type: ignore[arg-type]
    assert Applied(len(emails.records), 0, 1) == await together.projector.apply(*pieces)
    assert len(emails.records) == (await together.projector.positions(emails.partition))["email-events"]


async def test_a_batch_that_does_not_start_where_the_store_stands_is_refused() -> None:
    folding = Folding()
    (first, *_) = batches(STORY)
    outcome = await folding.projector.apply(first._replace(start=1))
    assert isinstance(outcome, Refused)
    assert seen(folding) == await dump_of([])


async def test_two_workers_on_one_partition_never_double_anything() -> None:
    store = MemoryStore()
    one, other = Folding(store), Folding(store)
    (emails,) = (batch for batch in batches(STORY) if batch.topic == "email-events")
    rest = [batch for batch in batches(STORY) if batch.topic != "email-events"]
    await other.projector.positions(emails.partition)  # the other has read the partition before the one writes to it
    for batch in rest:
        await one.projector.apply(batch)
    assert isinstance(await other.projector.apply(emails), Refused)
    assert (await other.projector.positions(emails.partition)).get("email-events", 0) == emails.start
    assert isinstance(await other.projector.apply(emails), Applied)
    assert isinstance(await one.projector.apply(emails), Refused)
    assert await dump_of(STORY) == seen(one)


async def test_a_bad_record_goes_to_quarantine_before_the_commit_and_costs_the_others_nothing() -> None:
    folding = Folding()
    (emails,) = (batch for batch in batches(STORY) if batch.topic == "email-events")
    bad = Record("email-events", emails.partition, len(emails.records), STAMP, b"default/c-1", b"{ not json", (("trace", b"1"),))
    written_when: list[list[object]] = []
    commit = folding.store.commit

    async def watch(changes: Commit) -> Committed | Refused:
        written_when.append(list(folding.letters))
        return await commit(changes)

    folding.store.commit = watch  # type: ignore[method-assign, assignment]
    with_bad = batch_of([*emails.records, bad])  # type: ignore[list-item]
    assert Applied(len(emails.records), 1, 1) == await folding.projector.apply(with_bad)
    (letter,) = folding.letters
    assert ("not_json", bad.value, bad.key, bad.headers, bad.offset) == (
        letter.reason,
        letter.value,
        letter.key,
        letter.headers,
        letter.offset,
    )
    assert [[letter]] == written_when
    assert seen(folding)[""] == {"quarantined": {"not_json": 1}}


def fail_on(monkeypatch: pytest.MonkeyPatch, *ids: str) -> None:
    def failing(contact: Any, told: Any, *others: Any) -> bool:
        if told.id in ids or not ids:
            raise ZeroDivisionError("a fault of our own")
        return unite(contact, told, *others)

    monkeypatch.setattr(account_fold, "unite", failing)


async def test_a_poison_record_is_found_and_set_aside_with_its_traceback_and_the_rest_is_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = await dump_of([told for told in STORY if told["id"] != "ev-5"])
    fail_on(monkeypatch, "ev-5")
    folding = Folding()
    outcome = await folding.projector.apply(*batches(STORY))
    assert isinstance(outcome, Applied)
    assert (len(STORY) - 1, 1) == (outcome.events, outcome.quarantined)
    (letter,) = folding.letters
    assert letter.reason == FAILED
    assert "ZeroDivisionError: a fault of our own" in letter.detail
    assert letter.traceback is not None
    assert "Traceback" in letter.traceback
    assert {**expected, "": {"quarantined": {FAILED: 1}}} == seen(folding)


async def test_a_flood_of_failures_of_our_own_stops_instead_of_filling_the_quarantine(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_on(monkeypatch)
    folding = Folding(limits=FailureLimits(consecutive=3, share=0.5, window=100))
    opens = [event(100 + number, "email.opened", message_id="m-1") for number in range(20)]
    with pytest.raises(TooManyFailures, match="update the program"):
        await folding.projector.apply(*batches(opens))
    assert len(folding.letters) == 3


class LosesAnswers(MemoryStore):
    """Writes a commit, and then the answer is lost."""

    lose = True

    async def commit(self, commit: Commit) -> Committed | Refused:
        outcome = await super().commit(commit)
        if self.lose:
            raise StoreUnavailable("the answer was lost")
        return outcome


async def test_an_answer_lost_after_the_commit_was_written_doubles_nothing() -> None:
    store = LosesAnswers()
    folding = Folding(store)
    (emails,) = (batch for batch in batches(STORY) if batch.topic == "email-events")
    with pytest.raises(StoreUnavailable):
        await folding.projector.apply(emails)
    store.lose = False
    assert emails.next_offset == (await folding.projector.positions(emails.partition))["email-events"]
    assert isinstance(await folding.projector.apply(emails), Refused)
    for batch in batches(STORY):
        if batch.topic != "email-events":
            await folding.projector.apply(batch)
    assert await dump_of(STORY) == seen(folding)


async def test_a_quarantine_that_cannot_be_written_keeps_the_batch_from_being_committed() -> None:
    async def full(letters: Sequence[DeadLetter]) -> None:
        raise OSError("the disk is full")

    store = MemoryStore()
    projector = Projector(store, quarantine=full)
    bad = Record("email-events", 0, 0, STAMP, b"k", b"nonsense")
    with pytest.raises(OSError, match="disk is full"):
        await projector.apply(Batch("email-events", 0, 0, 1, [bad]))
    assert store.hashes == {}


async def test_a_tombstone_empties_the_profile_and_is_no_error() -> None:
    folding = Folding()
    (profile,) = batches([STORY[-1]])
    tombstone = Record("contact-events", profile.partition, 1, STAMP, b"default/c-1", None)
    foreign = Record("contact-events", profile.partition, 2, STAMP, b"default/nobody", None)
    keyless = Record("contact-events", profile.partition, 3, STAMP, None, None)
    assert Applied(1, 0, 1) == await folding.projector.apply(profile)
    assert seen(folding)["default"]["contacts"]["c-1"]["profile"] == ["Ada", None, None, None]
    assert Applied(0, 0, 2) == await folding.projector.apply(batch_of([tombstone, foreign, keyless]))
    contacts = seen(folding)["default"]["contacts"]
    assert (list(contacts), contacts["c-1"]["profile"]) == (["c-1"], None)
    assert folding.letters == []


def dashboard(number: int, name: str | None, time: str = "10:00", account: str = "default") -> dict[str, Any]:
    type_, said = ("dashboard.deleted", {}) if name is None else ("dashboard.saved", {"name": name, "cards": [{"report": "analyze"}]})
    return {**event(number, type_, time), "account": account, "data": {"dashboard_id": "d-1", **said}}


async def test_the_latest_save_of_a_dashboard_is_kept_and_goes_in_the_commit_with_its_offset() -> None:
    folding = Folding()
    told = [dashboard(1, "New", "11:00"), dashboard(2, "Old", "09:00"), dashboard(3, "Another account's", account="acme")]
    for batch in batches(told):
        assert isinstance(await folding.projector.apply(batch), Applied)
    new, other = (seen(folding)[account] for account in ("default", "acme"))
    assert new["dashboards"] == {"d-1": [instant("11:00"), "New", [["analyze", {}, None]]]}
    assert other["dashboards"] == {"d-1": [instant("10:00"), "Another account's", [["analyze", {}, None]]]}
    assert new["contacts"] == new["sequences"] == new["counters"] == {}
    (place,) = {batch.partition for batch in batches(told[:2])}
    assert (await folding.projector.positions(place))["dashboard-events"] == 2


async def test_a_deletion_stays_so_that_an_older_save_which_comes_late_does_not_undo_it() -> None:
    folding = Folding()
    (whole,) = batches([dashboard(1, None, "10:00"), dashboard(2, "Late", "09:00"), dashboard(3, "Again", "11:00")])
    await folding.projector.apply(whole._replace(next_offset=2, records=whole.records[:2]))
    assert seen(folding)["default"]["dashboards"] == {"d-1": [instant("10:00"), None, []]}
    folding.projector.forget(whole.partition)
    await folding.projector.apply(whole._replace(start=2, records=whole.records[2:]))
    assert seen(folding)["default"]["dashboards"]["d-1"][1] == "Again"


async def test_a_dashboard_under_another_key_goes_to_quarantine() -> None:
    folding = Folding()
    (batch,) = batches([dashboard(1, "Mine")])
    record = batch.records[0]._replace(key=b"default/d-1")  # type: ignore[attr-defined]
    assert Applied(0, 1, 1) == await folding.projector.apply(batch._replace(records=[record]))
    assert [letter.reason for letter in folding.letters] == ["wrong_key"]


async def test_contacts_that_do_not_fit_in_memory_are_read_again() -> None:
    small, large = Folding(contacts_held=1), Folding()
    events = [
        {**told, "id": f"{told['id']}-{contact}", "data": {**told["data"], "contact_id": contact}} for contact in "abcd" for told in STORY
    ]
    for record in (record for records in log_of(events).values() for record in records):
        for folding in (small, large):
            assert isinstance(await folding.projector.apply(batch_of([record])), Applied)
    assert seen(large) == seen(small)


async def test_the_counters_of_contacts_in_equal_conditions_are_those_of_each_by_itself() -> None:
    folding = Folding()
    contacts = [f"c-{number}" for number in range(50)]
    for told in STORY:
        for contact in contacts:
            for batch in batches([{**told, "id": f"{told['id']}-{contact}", "data": {**told["data"], "contact_id": contact}}]):
                start = (await folding.projector.positions(batch.partition)).get(batch.topic, 0)
                records = [record._replace(offset=start) for record in batch.records]  # type: ignore[attr-defined]
                assert isinstance(await folding.projector.apply(batch_of(records)), Applied)
    one = await dump_of(STORY)
    expected = {name: number * len(contacts) for name, number in one["default"]["counters"].items()}
    assert expected == seen(folding)["default"]["counters"]
    (counters,) = folding.store.read([COUNTERS])  # type: ignore[attr-defined]
    assert counters
