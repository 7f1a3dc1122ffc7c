"""The pages *Dashboards*: the list of those that are saved, and one with its cards."""

from functools import partial
from typing import Final, NamedTuple

from fastapi import FastAPI

from events.catalog import DashboardCard
from events.rfc3339 import format_time
from projections.dashboard_changes import last_saved
from projections.dashboards import Dashboard
from projections.reports.as_of import AsOf, as_of
from projections.reports.page import CATALOGUE
from projections.reports.parameters import Parameter, check_names
from projections.saved_dashboards import DASHBOARDS, UnknownDashboard, shown
from web import session
from web.access import Scope
from web.batch import MOST
from web.pages import links
from web.pages.cards import answered, title_of
from web.pages.site import Page, Site, Visit

_SAVED: Final = Parameter("saved", "What was written here last, as a time.")
_REFUSED: Final = Parameter("overtaken", "Whether something was not done, as somebody was faster.", choices=("yes",))
_DELETED: Final = Parameter("deleted", "The dashboard that was deleted here last.", kind="id")
_TITLES: Final = 4
"""Cards that are named in the list."""
_LONGEST_TIME: Final = 15


class Notice(NamedTuple):
    """What became of what somebody did."""

    text: str
    tone: str
    """good, or warn."""
    waits: bool = False
    """Whether it goes on by itself."""


_OVERTAKEN: Final = Notice(
    "Somebody has changed this dashboard since you have seen it, so nothing was done. This is how it is now; please try again.", "warn"
)
_WAITING: Final = Notice("It is in the log, and shows here as soon as a worker has applied it.", "warn", waits=True)


class Line(NamedTuple):
    """A dashboard in the list. `titles` are those of its first cards."""

    id: str
    name: str
    cards: int
    titles: list[str]
    saved_at: str


class Boards(NamedTuple):
    """The latest word on each dashboard, and what people call the sequences that they may be about."""

    known: dict[str, Dashboard]
    names: dict[str, str]
    as_of: AsOf


class Deleted(NamedTuple):
    """A dashboard that somebody has just deleted. `waits`: the deletion has not come back yet."""

    id: str
    name: str
    waits: bool


def add(app: FastAPI, site: Site) -> None:
    """Add the pages."""
    site.add(app, "/dashboards", _dashboards, section="dashboards")
    # An id may have slashes in it.
    site.add(app, "/dashboards/{dashboard_id:path}", _dashboard, section="dashboards")


async def _dashboards(visit: Visit) -> Page:
    check_names(visit.given, (_SAVED, _DELETED))
    found = await boards(visit.site, visit.account)
    deleted = next(iter(visit.given.get(_DELETED.name, ())), None)
    return Page(
        "dashboards.html",
        {
            "dashboards": [_line(name, one, found.names) for name, one in found.known.items() if one.is_there],
            "deleted": None if deleted is None else await _deleted(visit, deleted, found.known.get(deleted, Dashboard())),
            "may_act": session.of(visit.request).may(Scope.ACT),
            "zone": visit.site.answers.time_zone,
            "as_of": found.as_of,
        },
    )


async def _deleted(visit: Visit, dashboard_id: str, known: Dashboard) -> Deleted | None:
    """What is said of a dashboard that was deleted here; None if it is back."""
    if known.is_there:
        return Deleted(dashboard_id, known.name or dashboard_id, waits=True) if known.time <= (_time(visit) or 0) else None
    answers = visit.site.answers
    last = await answers.log_calls.make(lambda: last_saved(answers.log(), visit.account, dashboard_id))
    return None if last is None else Deleted(dashboard_id, last.name, waits=False)


def _line(dashboard_id: str, known: Dashboard, names: dict[str, str]) -> Line:
    saved = shown(dashboard_id, known)
    titles = [title_of(card, names) for card in saved.cards[:_TITLES]]
    return Line(dashboard_id, saved.name, len(saved.cards), titles, saved.saved_at)


async def _dashboard(visit: Visit) -> Page:
    return await dashboard_page(visit, visit.subject("dashboard_id"))


async def dashboard_page(visit: Visit, dashboard_id: str) -> Page:
    """A dashboard with what its cards say. Raises `UnknownDashboard`, `ParameterError`, `StoreError`, `Busy`."""
    check_names(visit.given, (_SAVED, _REFUSED))
    site, account, written = visit.site, visit.account, _time(visit)
    found = await boards(site, account)
    known = found.known.get(dashboard_id, Dashboard())
    zone = site.answers.time_zone
    if not known.is_there and written is not None and known.time < written:
        return Page("dashboard_to_come.html", {"dashboard_id": dashboard_id, "notice": _WAITING, "as_of": found.as_of, "zone": zone})
    if known.name is None:
        raise UnknownDashboard(dashboard_id)
    cards = [DashboardCard(report=card.report, parameters=card.parameters, title=card.title) for card in known.cards]
    return Page(
        "dashboard.html",
        {
            "dashboard_id": dashboard_id,
            "name": known.name,
            "to": links.dashboard(dashboard_id),
            "cards": await answered(cards[:MOST], site.answers, account, found.names),
            "left_out": max(0, len(cards) - MOST),
            "seen": known.time,
            "saved_at": format_time(known.time),
            "notice": _OVERTAKEN if _REFUSED.name in visit.given else _notice(known.time, written),
            "may_act": session.of(visit.request).may(Scope.ACT),
            "zone": zone,
            "as_of": found.as_of,
        },
    )


def _notice(time: int, written: int | None) -> Notice | None:
    """What became of the save that was written here, by the time of the one that is shown."""
    if written is None:
        return None
    if time < written:
        return _WAITING
    if time > written:
        return Notice("Somebody has saved this dashboard after you. The later save counts, and this is it.", "warn")
    return Notice("Saved.", "good")


async def boards(site: Site, account: str) -> Boards:
    """What is known of all dashboards. Raises `StoreError`, `Busy`."""
    answers = site.answers
    ends = await answers.ends.get()
    reading = await answers.calls.make(partial(answers.reader.read, account, DASHBOARDS, CATALOGUE))
    names = {sequence: one.name for sequence, one in reading[CATALOGUE].items() if one.name}
    return Boards(reading[DASHBOARDS], names, as_of(reading, ends))


def _time(visit: Visit) -> int | None:
    text = next(iter(visit.given.get(_SAVED.name, ())), "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_TIME else None
