"""What has to be known before a dashboard is changed, and what may be saved, by whatever way.

A save says all of a dashboard, and of two the later counts. So who changes what is there has to have seen it.
"""

from collections.abc import Iterable
from operator import itemgetter

from events.catalog import DashboardCard, DashboardSaved
from events.judgement import judge
from events.log.port import Log
from events.partitioner import partition_for
from events.refusal import Refusal
from events.topics import DASHBOARD, record_key
from projections.cards import question
from projections.reports import ParameterError
from projections.tables.reading import Reading


def wrong_card(cards: Iterable[DashboardCard], account: str) -> tuple[int, ParameterError] | None:
    """The first card that asks what no report can answer, its place counted from 1, and why; None if all can be asked."""
    for place, card in enumerate(cards, 1):
        try:
            question(card, account=account)
        except ParameterError as error:
            return place, error
    return None


def is_behind(reading: Reading, log: Log, account: str) -> bool:
    """Whether something that was said of the account's dashboards is not in the tables yet. Raises `LogError`."""
    partition = _partition(log, account)
    applied = reading.progress[partition].offsets[DASHBOARD] if partition < len(reading.progress) else 0
    return applied < log.end(DASHBOARD, partition)


def last_saved(log: Log, account: str, dashboard_id: str) -> DashboardSaved | None:
    """What a dashboard was by its latest save, also if it was deleted since; None if it never was. Reads all saves. Raises `LogError`."""
    partition = _partition(log, account)
    begin, end = log.begin(DASHBOARD, partition), log.end(DASHBOARD, partition)
    saves = []
    for record in log.read_key(DASHBOARD, partition, record_key(account, None), begin, end):
        try:
            event = judge(record.value, record.headers, topic=record.topic, key=record.key, stamped_at=record.timestamp)
        except Refusal:
            continue  # it counts nowhere else either
        if isinstance(event.data, DashboardSaved) and event.data.dashboard_id == dashboard_id:
            saves.append((event.time, event.data))
    return max(saves, key=itemgetter(0))[1] if saves else None


def _partition(log: Log, account: str) -> int:
    """Where everything about the account's dashboards is."""
    return partition_for(record_key(account, None), log.partitions(DASHBOARD))
