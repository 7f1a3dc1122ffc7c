"""What is done with a dashboard on its page: its name and its cards are changed, it is deleted, and brought back."""

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Response

from events.catalog import DashboardCard, DashboardSaved
from projections.dashboard_changes import last_saved
from projections.dashboards import Dashboard
from projections.reports import ParameterError
from projections.saved_dashboards import UnknownDashboard, shown
from web.dashboard_desk import DashboardDesk, Make, Overtaken
from web.dashboards import deletion
from web.pages import links
from web.pages.posted import Posted, add_form, lead
from web.pages.site import Site
from web.problems import Problem

LONGEST_NAME: Final = 200
"""Of a dashboard, or of a card."""
_LONGEST_NUMBER: Final = 15

Cards = list[DashboardCard]


def add(app: FastAPI, site: Site, desk: DashboardDesk) -> None:
    """Add what is done with the form of a dashboard, whose field `do` says what."""

    async def take(posted: Posted) -> Response:
        dashboard_id = str(posted.request.path_params["dashboard_id"])
        account = posted.caller.account
        try:
            match posted.text("do"):
                case "restore":
                    last = await site.answers.log_calls.make(partial(last_saved, site.answers.log(), account, dashboard_id))
                    written = await desk.change(posted.caller, dashboard_id, _restored(dashboard_id, last))
                case "delete":
                    written = await desk.change(posted.caller, dashboard_id, deletion(dashboard_id), _seen(posted))
                    await desk.has_come_back(account, dashboard_id, written.time)
                    return lead(links.dashboards(deleted=dashboard_id, saved=str(written.time)))
                case _:
                    written = await desk.change(posted.caller, dashboard_id, _changed(dashboard_id, posted), _seen(posted))
        except Overtaken:
            return lead(links.dashboard(dashboard_id, overtaken="yes"))
        await desk.has_come_back(account, dashboard_id, written.time)
        return lead(links.dashboard(dashboard_id, saved=str(written.time)))

    add_form(app, site, "/dashboards/{dashboard_id:path}", take, section="dashboards")


def _restored(dashboard_id: str, last: DashboardSaved | None) -> Make:
    """A dashboard is to be again what it was before it was deleted."""

    def make(known: Dashboard) -> DashboardSaved:
        if known.is_there:
            raise Overtaken(known)
        if last is None:
            raise UnknownDashboard(dashboard_id)
        return last

    return make


def _changed(dashboard_id: str, posted: Posted) -> Make:
    """What the form asks for. Raises `Problem` for what is no form of ours."""
    do = posted.text("do")

    def make(known: Dashboard) -> DashboardSaved:
        saved = shown(dashboard_id, known)
        name, cards = saved.name, list(saved.cards)
        if do == "rename":
            name = named(posted.text("name"), "name")
        elif do in _CARDS:
            cards = _CARDS[do](cards, _number(posted, "card", len(cards)), posted)
        else:
            raise Problem(HTTPStatus.BAD_REQUEST, "form", "this is no form of ours")
        return DashboardSaved(dashboard_id=dashboard_id, name=name, cards=cards)

    return make


def named(text: str, field: str) -> str:
    """A name that people can see. Raises `ParameterError`."""
    if not text:
        raise ParameterError(field, "is missing; say what it is to be called")
    return text[:LONGEST_NAME]


def _moved(cards: Cards, place: int, to: int) -> Cards:
    moved = [card for number, card in enumerate(cards) if number != place]
    moved.insert(max(0, to), cards[place])
    return moved


def _titled(cards: Cards, place: int, posted: Posted) -> Cards:
    title = posted.text("title")[:LONGEST_NAME] or None
    return [card.model_copy(update={"title": title}) if number == place else card for number, card in enumerate(cards)]


_CARDS: Final[Mapping[str, Callable[[Cards, int, Posted], Cards]]] = {
    "up": lambda cards, place, _: _moved(cards, place, place - 1),
    "down": lambda cards, place, _: _moved(cards, place, place + 1),
    "move": lambda cards, place, posted: _moved(cards, place, _number(posted, "to", len(cards))),
    "remove": lambda cards, place, _: cards[:place] + cards[place + 1 :],
    "title": _titled,
}
"""What can be done with one of the cards."""


def _number(posted: Posted, name: str, below: int) -> int:
    """A whole number from 0 on. Raises `Problem` for what is none of ours."""
    number = _whole(posted, name)
    if number is None or number >= below:
        raise Problem(HTTPStatus.BAD_REQUEST, "form", "this is no form of ours")
    return number


def _seen(posted: Posted) -> int:
    """The time of the save that was changed. Raises `Problem`."""
    seen = _whole(posted, "seen")
    if seen is None:
        raise Problem(HTTPStatus.BAD_REQUEST, "form", "this is no form of ours")
    return seen


def _whole(posted: Posted, name: str) -> int | None:
    text = posted.text(name)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else None
