"""The canonical dump: a generation as plain values under names, so that two copies can be compared cell by cell.

Ordinals, codes, versions and offsets depend on the order of arrival and are left out; what they stand for is written instead. Two
generations made of the same set of events dump equal, whatever the order, the batches, the repetitions and the log.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from projections import dashboards, definitions
from projections.canonical import as_values
from projections.stored_partition import StoredPartition, pages
from projections.tables.layout import SEPARATOR, shard_prefix
from projections.tables.parts import Catalogue, Dashboards
from projections.tables.reading import Keys, Layout
from projections.tables.store import Store

Dump = dict[str, Any]


def dump(store: Store, partitions: int, generation: int = 1, shards: int = 1) -> Dump:
    """account -> {contacts, sequences, counters, dashboards}, and `quarantined`; plain JSON values, everything in order of names."""
    layout = Layout(generation, shards, partitions)
    dumped: Dump = {}
    for partition in range(partitions):
        stored = StoredPartition(store, shard_prefix(generation, partition % shards), partition)
        for account in sorted(stored.progress().accounts):
            _contacts(stored, account, dumped.setdefault(account, {"contacts": {}}))
    for account, shown in dumped.items():
        _account(store, Keys(layout, account), shown)
        shown["contacts"] = dict(sorted(shown["contacts"].items()))
    return {**dict(sorted(dumped.items())), "": {"quarantined": _numbers(store, Keys(layout, "").everywhere("quarantined"))}}


def _contacts(stored: StoredPartition, account: str, shown: Dump) -> None:
    for entries in pages(stored.contact_ids(account)):
        page = stored.read(account, [contact_id for _, contact_id in entries])
        for position, contact_id in entries:
            found = page.contacts[contact_id]
            assert found is not None, "contact-ids and contacts disagree"
            assert found.spelled is not None, found.fault
            assert found.ordinal == position, "contact-ids and contacts disagree"
            shown["contacts"][contact_id] = as_values(found.spelled)


def _account(store: Store, keys: Keys, shown: Dump) -> None:
    catalogue, saved = Catalogue(), Dashboards()
    shown["sequences"] = {
        sequence_id: {
            "definition": definitions.as_values(definition),
            "counters": _numbers(store, keys.everywhere(f"sequence:{keys.account}{SEPARATOR}{sequence_id}")),
            "steps": _numbers(store, keys.everywhere(f"steps:{keys.account}{SEPARATOR}{sequence_id}")),
        }
        for sequence_id, definition in catalogue.answer(store.read(catalogue.questions(keys))).items()
    }
    shown["counters"] = _numbers(store, keys.everywhere(f"account:{keys.account}"))
    shown["dashboards"] = {
        name: dashboards.as_values(dashboard) for name, dashboard in saved.answer(store.read(saved.questions(keys))).items()
    }


def _numbers(store: Store, of_shards: Sequence[str]) -> dict[str, int]:
    """The shards' numbers added up; one that is zero is left out."""
    summed: Counter[str] = Counter()
    for found in store.read([("HGETALL", key) for key in of_shards]):
        summed.update({name.decode(): int(number) for name, number in found.items()})
    return {name: number for name, number in sorted(summed.items()) if number}
