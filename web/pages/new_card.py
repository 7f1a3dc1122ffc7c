"""The page on which a report is put on a dashboard, and the form that makes a dashboard."""

from http import HTTPStatus
from secrets import token_hex
from typing import Final, NamedTuple

from fastapi import FastAPI, Response

from events.catalog import DashboardCard, DashboardSaved
from projections.cards import question
from projections.dashboards import Dashboard
from projections.reports import REPORTS
from projections.reports.parameters import Given
from projections.saved_dashboards import shown
from web.access import Scope
from web.dashboard_desk import DashboardDesk, Written
from web.pages import links
from web.pages.arranging import LONGEST_NAME, named
from web.pages.cards import answered
from web.pages.cards.card import TITLES
from web.pages.dashboards import boards, dashboard_page
from web.pages.posted import Posted, add_form, lead
from web.pages.site import Page, Site, Visit, filled_in
from web.problems import Problem

PATH: Final = "/dashboards/add"
_SLUG: Final = 40
_OF_A_SEQUENCE: Final = ("performance", "steps", "funnel")
_OF_ALL: Final = (
    *("analyze", "trend", "monthly", "sequences", "engagement", "leaderboard", "senders"),
    *("contacts", "times", "variants", "opens", "sentiment"),
)
"""Reports that need no more to be said."""
_MADE: Final = {"trend": {"interval": "week"}, "contacts": {"limit": "8"}}
"""With which parameters reports are offered."""


class Offer(NamedTuple):
    """A report that can be put on a dashboard; `href` leads to where that is done."""

    title: str
    description: str
    href: str


def add(app: FastAPI, site: Site, desk: DashboardDesk) -> None:
    """Add the page and the forms. To be added before the page of one dashboard, of whose path this one could be."""

    async def take(posted: Posted) -> Response:
        card = _card(filled_in(posted.request))
        question(card, account=posted.caller.account, default_time_zone=site.answers.time_zone)
        card = card.model_copy(update={"title": posted.text("title")[:LONGEST_NAME] or None})
        chosen = posted.fields.get("dashboard", "")
        if not chosen:
            return await _create(desk, posted, [card])

        def make(known: Dashboard) -> DashboardSaved:
            there = shown(chosen, known)
            return DashboardSaved(dashboard_id=chosen, name=there.name, cards=[*there.cards, card])

        return await _lead(desk, posted, chosen, await desk.change(posted.caller, chosen, make))

    async def create(posted: Posted) -> Response:
        return await _create(desk, posted, [])

    site.add(app, PATH, _new_card, section="dashboards", scope=Scope.ACT)
    add_form(app, site, PATH, take, section="dashboards")
    add_form(app, site, "/dashboards", create, section="dashboards")


async def _create(desk: DashboardDesk, posted: Posted, cards: list[DashboardCard]) -> Response:
    name = named(posted.text("name"), "name")
    dashboard_id = new_id(name)
    saved = DashboardSaved(dashboard_id=dashboard_id, name=name, cards=cards)
    return await _lead(desk, posted, dashboard_id, await desk.change(posted.caller, dashboard_id, lambda _: saved))


async def _lead(desk: DashboardDesk, posted: Posted, dashboard_id: str, written: Written) -> Response:
    await desk.has_come_back(posted.caller.account, dashboard_id, written.time)
    return lead(links.dashboard(dashboard_id, saved=str(written.time)))


def new_id(name: str) -> str:
    """An id that says something, and that no other dashboard has: two people may choose one name at the same time."""
    words = "".join(one if one.isalnum() else " " for one in name.casefold()).split()
    return f"{'-'.join(words)[:_SLUG].strip('-') or 'dashboard'}-{token_hex(3)}"


async def _new_card(visit: Visit) -> Page:
    given = filled_in(visit.request)
    if "report" not in given and not (given.keys() - {"dashboard"}):
        return await _chooser(visit, next(iter(given.get("dashboard", ())), None))
    card = _card(given)
    question(card, account=visit.account, default_time_zone=visit.site.answers.time_zone)
    found = await boards(visit.site, visit.account)
    (preview,) = await answered([card], visit.site.answers, visit.account, found.names)
    return Page(
        "new_card.html",
        {
            "card": preview,
            "to": links.new_card_of(given),
            "dashboards": [shown(name, one) for name, one in found.known.items() if one.is_there],
            "chosen": next(iter(given.get("dashboard", ())), None),
            "longest": LONGEST_NAME,
        },
    )


async def _chooser(visit: Visit, chosen: str | None) -> Page:
    """Which report it is to be; or the dashboard that has the id `add`, as nobody has been told that it must not."""
    if chosen is None and (await boards(visit.site, visit.account)).known.get("add", Dashboard()).is_there:
        return await dashboard_page(visit, "add")
    (found,) = await visit.answers(visit.ask("sequences", given={"sort": ["name"], "order": ["asc"]}))
    also: Given = {} if chosen is None else {"dashboard": [chosen]}
    return Page(
        "new_card_of_what.html",
        {
            "offers": [_offer(name, also) for name in _OF_ALL],
            "sequences": [(one.sequence_id, one.name or one.sequence_id) for one in found.sequences if not one.archived],
            "of_a_sequence": [(name, TITLES[name], REPORTS[name].description) for name in _OF_A_SEQUENCE],
            "chosen": chosen,
            "as_of": found.as_of,
        },
    )


def _offer(name: str, also: Given) -> Offer:
    asked = {parameter: [value] for parameter, value in _MADE.get(name, {}).items()}
    return Offer(TITLES[name], REPORTS[name].description, links.new_card_of({"report": [name], **asked, **also}))


def _card(given: Given) -> DashboardCard:
    """The card that the address names. Raises `Problem` without a report."""
    reports = given.get("report", ())
    if len(reports) != 1:
        raise Problem(HTTPStatus.BAD_REQUEST, "parameter", "report: is needed, once", parameter="report")
    parameters = {name: list(values) for name, values in given.items() if name not in ("report", "dashboard")}
    return DashboardCard(report=reports[0], parameters=parameters)
