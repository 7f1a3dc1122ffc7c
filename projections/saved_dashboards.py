"""Dashboards as people see them: the list of those that are there, and one with its cards."""

from typing import Final

from pydantic import BaseModel

from events.catalog import DashboardCard
from events.rfc3339 import format_time
from projections.dashboards import Dashboard
from projections.tables.parts import Dashboards
from projections.tables.reader import Reader

DASHBOARDS: Final = Dashboards()
"""What is read for all of it: the latest word on each dashboard, by its id."""


class UnknownDashboard(LookupError):
    """No dashboard has this id: it was never saved, or was deleted, or no worker has applied its save yet."""

    def __init__(self, dashboard_id: str) -> None:
        super().__init__(f"there is no dashboard {dashboard_id!r}")
        self.id = dashboard_id


class ListedDashboard(BaseModel):
    """A line of the list; `cards` is how many it has."""

    dashboard_id: str
    name: str
    cards: int
    saved_at: str


class DashboardList(BaseModel):
    """All dashboards of an account, by id in order of code points."""

    account: str
    dashboards: list[ListedDashboard]


class SavedDashboard(BaseModel):
    """One dashboard. `saved_at` is the time of its latest save."""

    dashboard_id: str
    name: str
    cards: list[DashboardCard]
    saved_at: str


def dashboard_list(reader: Reader, account: str) -> DashboardList:
    """Those that are there. Raises `StoreError`."""
    known = reader.read(account, DASHBOARDS)[DASHBOARDS]
    lines = [
        ListedDashboard(dashboard_id=name, name=one.name, cards=len(one.cards), saved_at=format_time(one.time))
        for name, one in known.items()
        if one.name is not None
    ]
    return DashboardList(account=account, dashboards=lines)


def saved_dashboard(reader: Reader, account: str, dashboard_id: str) -> SavedDashboard:
    """One of those that are there. Raises `UnknownDashboard`, `StoreError`."""
    return shown(dashboard_id, latest(reader, account, dashboard_id))


def latest(reader: Reader, account: str, dashboard_id: str) -> Dashboard:
    """The latest word on a dashboard. Raises `StoreError`."""
    return reader.read(account, DASHBOARDS)[DASHBOARDS].get(dashboard_id, Dashboard())


def shown(dashboard_id: str, known: Dashboard) -> SavedDashboard:
    """What is known of a dashboard, as people see it. Raises `UnknownDashboard` if it is not there."""
    if known.name is None:
        raise UnknownDashboard(dashboard_id)
    cards = [DashboardCard(report=card.report, parameters=card.parameters, title=card.title) for card in known.cards]
    return SavedDashboard(dashboard_id=dashboard_id, name=known.name, cards=cards, saved_at=format_time(known.time))
