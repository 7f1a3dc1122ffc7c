"""The same questions answered by a loop in plain Python over rows that are decoded already."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from projections import meaning
from projections.meaning import FLAGS, OUTCOMES, REASONS, STATUSES, TOTALS
from projections.rows import Table

_NAMED = ("company", "enrolled_by", "team", "variant", "step")
_FLAGS = {
    "open": meaning.OPENED,
    "click": meaning.CLICKED,
    "reply": meaning.REPLIED,
    "reply_to_sequence": meaning.REPLIED_TO_SEQUENCE,
    "meeting": meaning.MET,
    "bounce": meaning.BOUNCED,
    "unsubscribe": meaning.UNSUBSCRIBED,
    "complaint": meaning.COMPLAINED,
    "engaged": meaning.ENGAGED,
}
_LIVE = 1 << len(FLAGS)
_SILENT = _LIVE << 1


class RowLoop:
    """The rows of a table as dicts; answers `analyze` in basis contacts."""

    def __init__(self, table: Table) -> None:
        rows = table.rows()
        columns = {name: rows.column(name).tolist() for name in ("contact", "flags", "status", "reason", "outcome", "started_at", *TOTALS)}
        columns |= {name: [table.names.text(code) for code in rows.column(name).tolist()] for name in _NAMED}
        columns["sequence"] = [table.sequences[number] for number in rows.column("sequence").tolist()]
        self._rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]

    def analyze(self, asked: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """{rates: rate -> (numerator, denominator), outcomes, totals} of the started enrollments that pass the filters."""
        zone = ZoneInfo(asked["time_zone"][0])
        first = date.fromisoformat(asked.get("enrolled_from", ["0001-01-01"])[0])
        last = date.fromisoformat(asked.get("enrolled_to", ["9999-12-31"])[0])
        dated = "enrolled_from" in asked or "enrolled_to" in asked
        wanted = {name: set(asked[name]) for name in ("sequence", *_NAMED) if name in asked}
        statuses = set(asked.get("status", ()))
        contacts: defaultdict[int, int] = defaultdict(int)
        outcomes, totals = dict.fromkeys(OUTCOMES, 0), dict.fromkeys(TOTALS, 0)
        for row in self._rows:
            if row["status"] < meaning.FIRST_STARTED or any(row[name] not in values for name, values in wanted.items()):
                continue
            status = STATUSES[row["status"]]
            if statuses and status not in statuses and f"{status}:{REASONS[row['reason']]}" not in statuses:
                continue
            if dated and not first <= datetime.fromtimestamp(row["started_at"] / 1000, UTC).astimezone(zone).date() <= last:
                continue
            outcome = OUTCOMES[row["outcome"]]
            outcomes[outcome] += 1
            live = _LIVE if outcome in ("active", "paused") else _SILENT if outcome == "no_response" else 0
            contacts[row["contact"]] |= row["flags"] | live
            for name in TOTALS:
                totals[name] += row[name]
        rates = {name: sum(bits & mask != 0 for bits in contacts.values()) for name, mask in _FLAGS.items()}
        bars = _LIVE | meaning.REPLIED | meaning.MET
        rates["no_response"] = sum(bits & _SILENT != 0 and not bits & bars for bits in contacts.values())
        return {"rates": {name: (number, len(contacts)) for name, number in rates.items()}, "outcomes": outcomes, "totals": totals}
