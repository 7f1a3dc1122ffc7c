"""The simulated company: a believable history of what its mailers publish, and how it goes on."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

import msgspec

from cli.clock import now
from cli.demo.cast import Cast, Contact
from cli.demo.enrollment import Enrollment
from cli.demo.occurrence import DAY, HOUR, MINUTE, SECOND, Journal, Occurrence, timestamp
from cli.demo.playbook import DASHBOARDS, PLAYBOOK, Sequence
from events.catalog import CATALOG
from events.topics import CONTACT_KEYED, SEQUENCE, record_key

HISTORY_DAYS: Final = 183
CRM: Final = "/crm"
STUDIO: Final = "/studio"
EVENTS_PER_CONTACT: Final = 14.2
"""In a history, roughly, over all the enrollments of a contact."""


class Company:
    """Half a year of a company that writes to `contacts` people, ending at `until` (ms since 1970 UTC).

    The same arguments give the same events, in the order in which the log would receive them. An object tells its story once:
    `history` (or `events_json`) to its end first, and then, if wanted, `live`. `mark` makes its contacts and enrollments others than those
    of a company without it, for a log that has one already.
    """

    def __init__(self, seed: int, contacts: int, *, until: int, account: str = "default", mark: str = "") -> None:
        self._random = Random(f"{seed}{mark}")
        self._mark = mark
        self._account = account
        self._until = until
        self._last_day = until // DAY
        self._first_day = self._last_day - HISTORY_DAYS
        self._contacts_a_day = contacts / sum(1 for day in range(self._first_day, self._last_day) if _is_workday(day))
        self._journal = Journal(self._random)
        self._cast = Cast(self._random, contacts, mark)
        self._colleagues: dict[tuple[str, str], int] = {}
        self._returning: defaultdict[int, list[Contact]] = defaultdict(list)
        self._enrollments = 0
        self._days = self._play()
        self._first_live: Occurrence | None = None

    @classmethod
    def of_events(cls, seed: int, events: int, *, until: int, account: str = "default") -> "Company":
        """A company whose history has `events` events, and a few per cent more."""
        return cls(seed, int(events / EVENTS_PER_CONTACT * 1.03) + 20, until=until, account=account)

    def history(self) -> Iterator[dict[str, Any]]:
        """Every event that has arrived by `until`, as a structured CloudEvent."""
        return map(self._event, self._past())

    def events_json(self) -> Iterator[tuple[str, bytes, bytes]]:
        """The history as topic, record key and value, ready for the log."""
        encode = msgspec.json.Encoder().encode
        topics = {name: model.topic for name, model in CATALOG.items()}
        for occurrence in self._past():
            topic, data = topics[occurrence.type], occurrence.data
            key_id = data["contact_id"] if topic in CONTACT_KEYED else data["sequence_id"] if topic == SEQUENCE else None
            key = record_key(self._account, key_id)
            yield topic, key, encode(self._event(occurrence))

    def live(self, clock: Callable[[], int] = now) -> Iterator[dict[str, Any]]:
        """What comes after the history, without end and as fast as it is asked for.

        The days of the company go by in their order, but each thing happens when it is taken from here, by `clock`.
        """
        time = self._until
        occurrence = self._first_live
        while True:
            if occurrence is None:
                _, occurrence = next(self._days)
            if occurrence.time > self._until and not occurrence.stamped:  # A second delivery keeps the time of the first.
                # A millisecond apart at least, so that what follows from something also comes after it.
                occurrence.time = time = max(clock(), time + 1)
                occurrence.stamped = True
            yield self._event(occurrence)
            occurrence = None

    def _past(self) -> Iterator[Occurrence]:
        for arrival, occurrence in self._days:
            if arrival > self._until:
                self._first_live = occurrence
                return
            yield occurrence

    def _event(self, occurrence: Occurrence) -> dict[str, Any]:
        return {
            "type": occurrence.type,
            "specversion": "1.0",
            "id": occurrence.id,
            "source": occurrence.source,
            "time": timestamp(occurrence.time),
            "account": self._account,
            "data": occurrence.data,
        }

    def _play(self) -> Iterator[tuple[int, Occurrence]]:
        """Day by day without end: first who is enrolled on it and all that will come of it, then what arrives on it."""
        self._write_playbook()
        self._save_dashboards()
        day, due = self._first_day, 0.0
        while True:
            elapsed = (day - self._first_day) / HISTORY_DAYS
            for contact in self._returning.pop(day, ()):
                self._enroll(contact, self._sequence_for_return(), day, elapsed)
            if _is_workday(day):
                due += self._contacts_a_day * min(0.8 + 0.4 * elapsed, 1.2)  # Business grows.
                while due >= 1:
                    due -= 1
                    self._welcome(day, elapsed)
            yield from self._journal.day(day)
            day += 1

    def _write_playbook(self) -> None:
        enter, begin = self._journal.enter, self._first_day * DAY
        for number, sequence in enumerate(PLAYBOOK):
            owner = self._cast.users[number].user_id
            for edition in sequence.editions:
                written = begin + int(edition.since * HISTORY_DAYS) * DAY + (number + 1) * MINUTE
                data = sequence.definition(edition, owner)
                if number % 2 == 0:
                    data["created_at"] = timestamp(begin - (number + 3) * 11 * DAY)
                enter(written, "sequence.defined", STUDIO, data)
            if sequence.archived is not None:
                archived = begin + int(sequence.archived * HISTORY_DAYS) * DAY + 18 * HOUR
                enter(archived, "sequence.archived", STUDIO, {"sequence_id": sequence.sequence_id})

    def _save_dashboards(self) -> None:
        enter, time = self._journal.enter, self._first_day * DAY + 19 * HOUR
        for dashboard in DASHBOARDS:
            enter(time, "dashboard.saved", STUDIO, dashboard.data())
            if dashboard.deleted is not None:
                deleted = time + int(dashboard.deleted * HISTORY_DAYS) * DAY
                enter(deleted, "dashboard.deleted", STUDIO, {"dashboard_id": dashboard.dashboard_id})

    def _welcome(self, day: int, elapsed: float) -> None:
        """A new contact: the profile, the first enrollment, and for a few a second one in another sequence beside it."""
        random, contact = self._random, self._cast.contact()
        sequence = self._sequence(elapsed)
        start = self._enroll(contact, sequence, day, elapsed, new=True)
        if random.random() < 0.03:  # A new job.
            changed = start + int(random.uniform(20, 120) * DAY)
            self._journal.enter(changed, "contact.updated", CRM, contact.profile(company=random.choice(self._cast.companies)))
        if random.random() < 0.003:  # Opens a message of the time before: its report waits for a message that never comes.
            old = {"contact_id": contact.contact_id, "message_id": f"m-{random.getrandbits(64):016x}"}
            self._journal.enter(start + HOUR, "email.opened", "/tracking", old)
        if random.random() < 0.04:
            self._returning[day + random.randrange(5, 20)].append(contact)

    def _enroll(self, contact: Contact, sequence: Sequence, day: int, elapsed: float, *, new: bool = False) -> int:
        random = self._random
        start = day * DAY + 7 * HOUR + int(random.random() * 10 * HOUR)
        if new:
            self._journal.enter(start - 20 * SECOND, "contact.updated", CRM, contact.profile())
        self._enrollments += 1
        ending = Enrollment(
            enrollment_id=f"e-{self._mark}{self._enrollments:06}",
            contact=contact,
            sequence=sequence,
            edition=sequence.edition(elapsed),
            user=random.choice(self._cast.users),
            variant=random.choice("AB") if random.random() < 0.9 else None,
            start=start,
            random=random,
            journal=self._journal,
            colleagues=self._colleagues,
        ).play()
        if ending:
            ended, reason, _ = ending
            if reason == "contact_deleted":
                self._journal.enter(ended + HOUR, "contact.erased", CRM, {"contact_id": contact.contact_id})
            elif (reason == "finished" and random.random() < 0.3) or (reason == "meeting_booked" and random.random() < 0.5):
                self._returning[ended // DAY + random.randrange(40, 110)].append(contact)
        return start

    def _sequence(self, elapsed: float) -> Sequence:
        open_ones = [sequence for sequence in PLAYBOOK if sequence.share and (sequence.archived is None or elapsed < sequence.archived)]
        return self._random.choices(open_ones, [sequence.share for sequence in open_ones])[0]

    def _sequence_for_return(self) -> Sequence:
        return self._random.choices(
            PLAYBOOK, [3 if sequence.returning else sequence.sequence_id == "renewal-check" for sequence in PLAYBOOK]
        )[0]


def _is_workday(day: int) -> bool:
    return (day + 3) % 7 < 5
