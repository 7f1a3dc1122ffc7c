"""The reports about users: `leaderboard`, and `senders` with the score of each."""

from collections import Counter
from typing import Any, Final, NamedTuple

import numpy as np
from pydantic import BaseModel

from projections import meaning
from projections.reports import parameters
from projections.reports.as_of import AsOf, as_of
from projections.reports.breakdown import Breakdown
from projections.reports.ordering import nulls_last
from projections.reports.parameters import Opens, Order, Parameter
from projections.reports.rates import Rate, flag, fraction, rate, rate_of, started
from projections.reports.request import Query, Request
from projections.tables.parts import Counts


class UserRates(BaseModel):
    """Of the distinct contacts that the user enrolled."""

    open: Rate
    click: Rate
    reply: Rate
    meeting: Rate
    bounce: Rate


class User(BaseModel):
    """What came of the enrollments by one user."""

    enrolled_by: str | None
    """null: enrollments of which no user is known."""
    enrollments: int
    contacts: int
    """Distinct ones."""
    emails_sent: int
    opened: int
    """Enrollments with an open; likewise the three below."""
    clicked: int
    replied: int
    met: int
    rates: UserRates


class Leaderboard(BaseModel):
    """Every user who has enrollments in scope."""

    users: list[User]
    as_of: AsOf


_RATES: Final = tuple(UserRates.model_fields)
SORT: Final = Parameter(
    "sort",
    "The column to sort by, or the rate.",
    choices=(*(name for name in User.model_fields if name != "rates"), *_RATES),
    default="met",
)


class Options(NamedTuple):
    """How users are counted and ordered."""

    opens: Opens
    sort: str
    order: Order


def read_leaderboard(query: Query) -> Options:
    given = query.given
    return Options(parameters.opens(given), parameters.choice(given, SORT), parameters.order(given))


def leaderboard(request: Request, options: Options) -> Leaderboard:
    snapshot = request.reader.rows(request.account)
    scope = request.filters.scope(snapshot.table.rows(), request.time_zone)
    users = [_user(name, counts, options.opens) for name, counts in Breakdown(scope, ["user"], request.time_zone).by_label().items()]
    by_id = nulls_last(users, lambda user: user.enrolled_by, "asc")
    return Leaderboard(
        users=nulls_last(by_id, lambda user: _value(user, options.sort), options.order), as_of=as_of(snapshot.reading, request.ends)
    )


def _user(name: str | None, counts: Counts, opens: Opens) -> User:
    return User(
        enrolled_by=name,
        enrollments=started(counts),
        contacts=counts["contacts.all"],
        emails_sent=counts["total.sent"],
        **{fact: counts[f"enrollments.{flag(fact, opens)}"] for fact in ("opened", "clicked", "replied", "met")},
        rates=UserRates(**{name: rate_of(counts, fraction(name, "contacts", opens), "contacts") for name in _RATES}),
    )


def _value(user: User, sort: str) -> Any:
    return getattr(user.rates, sort).value if sort in _RATES else getattr(user, sort)


FEWEST: Final = 100
"""Ended enrollments below which nobody is judged."""


class Sender(BaseModel):
    """The score of one user."""

    enrolled_by: str
    ended: int
    """Enrollments in scope that have ended."""
    reply_rate: Rate | None
    """Replied among those that ended without a bounce; null where too few have ended, likewise the one below."""
    bounce_rate: Rate | None
    """Bounced among those that ended."""


class Senders(BaseModel):
    """Every user who has enrollments in scope, best reply rate first."""

    minimum: int
    """Ended enrollments below which there are no rates."""
    users: list[Sender]
    as_of: AsOf


def read_senders(_query: Query) -> None:
    """It has no parameters of its own."""


def senders(request: Request, _options: None) -> Senders:
    snapshot = request.reader.rows(request.account)
    scope = request.filters.scope(snapshot.table.rows(), request.time_zone)
    zone = request.time_zone
    ended = scope.narrowed(~np.isin(scope.column("status"), (meaning.ACTIVE, meaning.PAUSED)))
    reached = ended.narrowed((ended.column("flags") & meaning.BOUNCED) == 0)
    of_ended, of_reached = Breakdown(ended, ["user"], zone).by_label(), Breakdown(reached, ["user"], zone).by_label()
    nothing: Counts = Counter()
    users = [
        _sender(name, of_ended.get(name, nothing), of_reached.get(name, nothing))
        for name in sorted(filter(None, Breakdown(scope, ["user"], zone).by_label()))
    ]
    return Senders(
        minimum=FEWEST,
        users=nulls_last(users, lambda user: None if user.reply_rate is None else user.reply_rate.value, "desc"),
        as_of=as_of(snapshot.reading, request.ends),
    )


def _sender(name: str, ended: Counts, reached: Counts) -> Sender:
    number = started(ended)
    judged = number >= FEWEST
    return Sender(
        enrolled_by=name,
        ended=number,
        reply_rate=rate(reached["enrollments.replied"], started(reached), "enrollments") if judged else None,
        bounce_rate=rate(ended["enrollments.bounced"], number, "enrollments") if judged else None,
    )
