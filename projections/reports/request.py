"""A question to a report, checked; the request that carries it to a reader; and the numbers that answer most of them."""

from dataclasses import dataclass
from typing import Literal

from events.log.port import Log
from projections.reports.as_of import Ends
from projections.reports.filters import Filters
from projections.reports.parameters import Given
from projections.reports.recount import Recount
from projections.reports.shared_messages import SharedMessages
from projections.tables.parts import Counts, SequenceDefinition, SharedLists
from projections.tables.reader import Reader
from projections.tables.reading import Part, Reading

Source = Literal["auto", "rows"]
"""`auto` takes the stored counters where no filter is set; `rows` always counts anew, so that tests can compare."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a report is asked: what all reports have in common, read and checked, and the rest as it was given."""

    report: str
    account: str
    subject: str
    """The id of what the report is about; "" for a report about the whole account."""
    given: Given
    filters: Filters
    time_zone: str


@dataclass(frozen=True, slots=True)
class Request(Query):
    """A query with what it is answered from."""

    reader: Reader
    ends: Ends | None
    """The ends of the log, for `as_of.lag`; None if they are not known."""
    log: Log | None
    """For the one report that shows events; None if nobody opened it."""
    source: Source

    @property
    def from_counters(self) -> bool:
        """Whether the stored counters say it all."""
        return self.source == "auto" and not self.filters

    def numbers(self, counters: Part[Counts], definition: SequenceDefinition | None, *, messages: bool) -> tuple[Reading, Counts]:
        """The numbers of one sequence (whose definition is read with them) or of all of them: from the counters or from the rows.

        `messages`: whether those of basis messages will be asked for.
        """
        parts: list[Part[object]] = [] if definition is None else [definition]
        if self.from_counters:
            reading = self.reader.read(self.account, counters, *parts)
            return reading, reading[counters]
        shared = SharedLists()
        snapshot = self.reader.rows(self.account, *parts, *([shared] if messages else []))
        rows = snapshot.table.rows(None if definition is None else definition.sequence)
        found = SharedMessages.read(snapshot.reading[shared], rows) if messages else None
        return snapshot.reading, Recount(self.filters.scope(rows, self.time_zone), shared=found).group()
