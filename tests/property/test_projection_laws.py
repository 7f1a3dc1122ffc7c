"""The laws of the projection, on random nasty histories: order-free, moved by difference, rows and counters as recounted."""

import asyncio
from collections import Counter
from random import Random
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from projections import meaning
from projections.contribution import FIELDS, account_wide, counters
from projections.delays import bucket
from projections.dump import Dump, dump
from projections.tables.layout import COUNTERS, NO_TIME, SEPARATOR, shard_prefix
from projections.tables.memory import MemoryStore
from tests import seeing
from tests.folding import PARTITIONS, Folding, folded, log_of
from tests.golden.loader import Golden, golden_histories
from tests.oracle import statuses as oracle
from tests.strategies.histories import histories

PREFIX = shard_prefix(1, 0)
GOLDEN = golden_histories()


@pytest.mark.parametrize("golden", GOLDEN, ids=[golden.name for golden in GOLDEN])
def test_every_golden_history_is_seen_as_the_page_says(golden: Golden) -> None:
    assert_as_the_oracle_sees_it(golden.events)


@given(histories())
def test_any_history_is_seen_as_the_page_says(events: list[dict[str, Any]]) -> None:
    assert_as_the_oracle_sees_it(events)


def assert_as_the_oracle_sees_it(events: list[dict[str, Any]]) -> None:
    store = folded(events)
    actual = seeing.statuses(store)
    expected = [{name: status[name] for name in seen} for status, seen in zip(oracle.statuses(events), actual, strict=True)]
    assert expected == actual
    odd = oracle.oddities(events)
    seen = seeing.oddities(store)
    assert {name: odd[name] for name in seen} == seen


@given(histories(ties=True), st.integers(0, 2**32))
def test_any_order_any_batches_and_any_repetition_give_the_same_dump(events: list[dict[str, Any]], seed: int) -> None:
    random = Random(seed)  # a stream of its own: what is drawn from it depends on nothing that hypothesis watches
    expected = canonical(folded(events, batch_size=1000))
    repeated = [event for event in events if not event["type"].startswith("contact.")]
    shuffled = events + random.sample(repeated, k=random.randint(0, len(repeated)))
    random.shuffle(shuffled)
    # Profiles are a table: the last record of the log wins, so contact events keep their order.
    profiles = iter([event for event in events if event["type"].startswith("contact.")])
    shuffled = [next(profiles) if event["type"].startswith("contact.") else event for event in shuffled]
    assert expected == canonical(interleaved(shuffled, random))


def interleaved(events: list[dict[str, Any]], random: Random) -> MemoryStore:
    """The events through the projector in random batches of random topics, with its memory lost now and then."""
    folding = Folding(contacts_held=2)
    runs = {place: records for place, records in log_of(events).items() if records}

    async def feed() -> None:
        while runs:
            topic, partition = random.choice(sorted(runs))
            records = runs[topic, partition]
            size = random.randint(1, len(records))
            await folding.feed(topic, partition, records[:size])
            runs[topic, partition] = records[size:]
            if not runs[topic, partition]:
                del runs[topic, partition]
            if random.random() < 0.2:
                folding.projector.forget(partition)

    asyncio.run(feed())
    assert isinstance(folding.store, MemoryStore)
    return folding.store


def canonical(store: MemoryStore) -> Dump:
    return dump(store, PARTITIONS)


@given(histories(ties=True))
def test_counters_equal_a_recount_from_the_views_and_nothing_is_negative(events: list[dict[str, Any]]) -> None:
    store = folded(events, batch_size=3)
    recounted: Counter[tuple[str, str, str]] = Counter()
    for account in canonical(store):
        for _, contact, names, views in seeing.contacts_in(store, account):
            added = counters(contact, views)
            for key, number in (*added.items(), *account_wide(added).items()):
                sequence, step, field = key >> 48, key >> 16 & 0xFFFFFFFF, key & 0xFFFF
                recounted[account, names.text(sequence), FIELDS[field] + (f":{names.text(step)}" if step else "")] += number
    kept: Counter[tuple[str, str, str]] = Counter()
    for name_of_table, fields in store.hashes.items():
        table, _, rest = name_of_table.removeprefix(PREFIX).partition(":")
        if table in ("account", "sequence", "steps"):
            account, _, scope = rest.partition(SEPARATOR)
            kept.update({(account, scope, name.decode()): int(number) for name, number in fields.items()})
    assert min(kept.values(), default=0) >= 0
    assert +recounted == +kept


@given(histories(ties=True))
def test_outcomes_add_up_to_started_and_distinct_numbers_never_exceed_them(events: list[dict[str, Any]]) -> None:
    store = folded(events)
    for key, fields in store.hashes.items():
        if not key.startswith((f"{PREFIX}sequence:", f"{PREFIX}account:")):
            continue
        number = {name: int(fields.get(name.encode(), b"0")) for name in COUNTERS}
        started = sum(number[f"status.{status}"] for status in meaning.STATUSES[meaning.FIRST_STARTED :])
        assert sum(number[f"outcome.{outcome}"] for outcome in meaning.OUTCOMES) == started
        assert number["contacts.all"] <= started
        for flag in (*meaning.FLAGS, "engaged", "engaged_any"):
            assert number[f"contacts.{flag}"] <= min(number["contacts.all"], number[f"enrollments.{flag}"])
            assert number[f"enrollments.{flag}"] <= started
        for message in meaning.MESSAGE_NUMBERS:
            assert number[f"messages.{message}"] <= number["messages.sent" if message == "bounced" else "messages.delivered"]


@given(histories(ties=True))
def test_rows_hold_what_the_views_say(events: list[dict[str, Any]]) -> None:
    store = folded(events, batch_size=2)
    shown = canonical(store).get("default", {}).get("contacts", {})
    for contact_id, contact, names, views in seeing.contacts_in(store, "default"):
        for known, seen in zip(contact.enrollments, views.enrollments, strict=True):
            kept = shown[contact_id]["enrollments"][f"{names.text(known.sequence)}/{known.enrollment_id}"]
            row = kept["row"]
            assert (row["status"], row["reason"]) == (seen.status, seen.reason)
            assert row["enrolled_by"] == names.text(seen.attributes[0])
            assert (row["flags"], row["step"]) == (seen.flags, names.text(seen.step))
            assert tuple(row[name] for name in meaning.TOTALS) == seen.totals
            assert tuple(row[f"replies_{name}"] for name in meaning.SENTIMENTS) == seen.sentiments
            for column in ("started_at", "ended_at", "last_engaged_at"):
                assert row[column] == (NO_TIME if getattr(seen, column) is None else getattr(seen, column))
            for column in ("replied_after", "met_after"):
                after = getattr(seen, column)
                assert row[column] == (0 if after is None else bucket(after))
            if seen.started:
                assert row["outcome"] == seen.outcome
                expected = {
                    names.text(step): [
                        bits,
                        sum(sent == step for _, sent in seen.sent_steps),
                        *(bucket(seen.delays[step << 2 | kind]) if step << 2 | kind in seen.delays else 0 for kind in range(3)),
                    ]
                    for step, bits in seen.steps.items()
                }
                assert dict(sorted(expected.items())) == kept["cells"]
            else:
                assert (row["outcome"], kept["cells"]) == (255, {})


def test_the_packed_row_has_the_layout_that_readers_use() -> None:
    from projections.contribution import CELL_PACKER, ROW_PACKER
    from projections.tables.layout import ROW, STEP_CELL

    assert ROW_PACKER.size == ROW.itemsize
    assert CELL_PACKER.size == STEP_CELL.itemsize
    numbers = range(1, len(ROW.names or ()) + 1)
    read = np.frombuffer(ROW_PACKER.pack(*numbers), ROW)[0]
    assert list(numbers) == [int(read[name]) for name in ROW.names or ()]
