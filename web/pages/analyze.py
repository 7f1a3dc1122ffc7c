"""The page *Analyze*: all sequences together, side by side, and who is engaged most."""

from typing import Final

from fastapi import FastAPI

from projections.reports.cohorts import INTERVAL
from projections.reports.contacts import Contacts
from projections.reports.cursor import CURSOR
from projections.reports.page import LARGEST
from projections.reports.parameters import BASIS, ORDER, Parameter, order, single, whole
from projections.reports.performance import Analyze
from projections.reports.sequences import SORT
from web.pages import filters, formats, links, sums
from web.pages.listed import lines
from web.pages.meanings import INTERVALS, RATES, STARTED, meaning
from web.pages.shown import Asked, drawings
from web.pages.site import Page, Site, Visit

FIELDS: Final = ("sequence", "company", "enrolled_by", "team", "variant")
TILES: Final = ("open", "click", "reply_to_sequence", "reply", "meeting", "no_response", "bounce")
"""Rates on top, besides the number of enrollments."""
COLUMNS: Final = ("open", "click", "reply_to_sequence", "reply", "meeting", "no_response", "bounce", "unsubscribe")
"""Rates of each sequence."""
_PAGE: Final = Parameter("page", "Which page of the sequences.", default="1", kind="whole number", most=100_000)
_SEQUENCES: Final = 25
"""On one page; likewise the people."""
_PEOPLE: Final = 20


def add(app: FastAPI, site: Site) -> None:
    """Add the page."""
    site.add(app, "/analyze", _analyze, section="analyze")


async def _analyze(visit: Visit) -> Page:
    given = visit.given
    filters.check(given, BASIS, INTERVAL, SORT, ORDER, _PAGE, CURSOR)
    interval, page = filters.one_of(given, "interval", tuple(INTERVALS)), whole(given, _PAGE)
    common = filters.common(given)
    everywhere = links.changed(common, basis=None)
    of_sequences = links.changed(common, sort=given.get(SORT.name), order=given.get(ORDER.name))
    of_trend = links.changed(everywhere, interval=interval)
    found: Analyze
    engaged: Contacts
    found, sequences, engaged, trend, sentiment = await visit.answers(
        visit.ask("analyze", given=common),
        visit.ask("sequences", given=of_sequences),
        visit.ask("contacts", given=links.changed(everywhere, limit=str(_PEOPLE), cursor=given.get(CURSOR.name))),
        visit.ask("trend", given=of_trend),
        visit.ask("sentiment", given=everywhere),
    )
    known = await visit.choices(list(FIELDS))
    # A page of a list is none of another list.
    here = links.changed(given, cursor=None, page=None)
    # Sequences that a filter leaves nobody of are not worth a line.
    shown = [line for line in sequences.sequences if line.enrollments or not found.filters]
    return Page(
        "analyze.html",
        {
            "given": given,
            "common": common,
            "zone": visit.zone,
            "bar": filters.bar(here, known, zone=visit.zone, today=formats.today(visit.zone), fields=FIELDS, basis=True),
            "live": None if filters.filtered(given) else "*",
            "found": found,
            "tiles": {rate: RATES[rate] for rate in TILES},
            "columns": {rate: RATES[rate].removesuffix(" rate") for rate in COLUMNS},
            "meanings": {rate: meaning(rate, found.basis, found.opens) for rate in (*TILES, *COLUMNS)},
            "started": STARTED,
            "outcomes": sums.outcomes(found, common),
            "sentiments": sums.sentiments(sentiment, everywhere),
            "totals": sums.totals(found, common),
            "sequences": shown[(page - 1) * _SEQUENCES : page * _SEQUENCES],
            "number": len(shown),
            "first": (page - 1) * _SEQUENCES + 1,
            "earlier": None if page == 1 else links.same(given, page=None if page == 2 else str(page - 1)),
            "later": None if page * _SEQUENCES >= len(shown) else links.same(given, page=str(page + 1)),
            "sort": single(given, SORT.name) or SORT.default,
            "order": order(given),
            "of_sequences": of_sequences,
            "trend": drawings(Asked("trend", None, of_trend, visit.zone), trend)[0],
            "of_trend": of_trend,
            "intervals": filters.options(given, INTERVAL.name, INTERVALS),
            "engaged": engaged,
            "people": lines(engaged.contacts, {}),
            "most_in_a_file": LARGEST,
            "as_of": found.as_of,
        },
    )
