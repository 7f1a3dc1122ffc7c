"""Questions drawn at random, over all filters that reports have."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple

from bench.population import ACCOUNT, COMPANIES, DAYS, FIRST_DAY, SEQUENCES, STEPS, TEAMS, USERS, VARIANTS, sequence_id, step_id
from projections.reports import report
from projections.reports.registry import REPORTS
from projections.tables.reader import Reader

ZONES: Final = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney")
STATUSES: Final = ("active", "paused", "finished", "unenrolled", "unenrolled:replied", "unenrolled:bounced", "errored")
_MEASURES: Final = ("started", "contacts", "open_rate", "reply_rate", "meeting_rate", "opens", "replies")
_DIMENSIONS: Final = ("sequence", "user", "team", "company", "variant", "status", "month")


class Question(NamedTuple):
    """What a report is asked."""

    name: str
    subject: str | None
    parameters: Mapping[str, Sequence[str]]

    def ask(self, reader: Reader) -> dict[str, Any]:
        return report(self.name, reader, account=ACCOUNT, subject=self.subject, parameters=self.parameters).model_dump()


def unfiltered(random: Random) -> Question:
    """The numbers of one sequence, in any basis."""
    return Question("performance", sequence_id(random.randrange(SEQUENCES)), {"basis": [_basis(random)]})


def filtered(random: Random, name: str) -> Question:
    """A report with one to nine filters, and anything else that changes what is counted."""
    known = REPORTS[name]
    parameters = filters(random)
    accepted = {parameter.name for parameter in known.parameters}
    if "basis" in accepted:
        parameters["basis"] = [_basis(random)]
    if "opens" in accepted:
        parameters["opens"] = [random.choice(("human", "all"))]
    if name == "custom":
        parameters["measure"] = random.sample(_MEASURES, 2)
        parameters["by"] = random.sample(_DIMENSIONS, random.randrange(1, 3))
    return Question(name, sequence_id(random.randrange(SEQUENCES)) if known.subject == "sequence" else None, parameters)


def filters(random: Random) -> dict[str, list[str]]:
    """One to nine of the filters, each with one to three values."""
    days = sorted(random.randrange(DAYS) for _ in range(2))
    drawn = {
        "sequence": _some(random, sequence_id, SEQUENCES),
        "company": _some(random, lambda number: f"company-{number:05}", COMPANIES),
        "enrolled_by": _some(random, lambda number: f"user-{number:02}", USERS),
        "team": _some(random, lambda number: f"team-{number}", TEAMS),
        "variant": _some(random, lambda number: VARIANTS[number], len(VARIANTS)),
        "status": _some(random, lambda number: STATUSES[number], len(STATUSES)),
        "step": _some(random, lambda number: step_id(number // STEPS, number % STEPS), SEQUENCES * STEPS),
        "enrolled_from": [_day(days[0])],
        "enrolled_to": [_day(days[1])],
    }
    names = random.sample(tuple(drawn), random.choice((1, 1, 2, 2, 3, 4, 9)))
    return {name: drawn[name] for name in names} | {"time_zone": [random.choice(ZONES)]}


def _some(random: Random, spell: Any, count: int) -> list[str]:
    return [spell(number) for number in random.sample(range(count), random.randrange(1, min(3, count) + 1))]


def _basis(random: Random) -> str:
    return random.choice(("contacts", "enrollments", "messages"))


def _day(number: int) -> str:
    return (datetime.fromtimestamp(FIRST_DAY / 1000, UTC) + timedelta(days=number)).date().isoformat()
