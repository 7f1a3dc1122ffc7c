"""The page *Sequence > Performance*: how one sequence does, and where."""

from typing import Final

from fastapi import FastAPI

from projections.reports.cohorts import INTERVAL
from projections.reports.parameters import BASIS
from projections.reports.performance import Performance
from projections.reports.rates import STATUSES_STARTED
from web.pages import behind, filters, formats, links, sums
from web.pages.meanings import DROP_OFF, INTERVALS, REACHED, STARTED, meaning
from web.pages.site import Page, Site, Visit

FIELDS: Final = ("company", "enrolled_by", "team", "variant")
_TILES: Final = {
    "open": "Open rate",
    "click": "Click rate",
    "reply": "Reply rate",
    "meeting": "Meeting rate",
    "no_response": "No response",
    "bounce": "Bounce rate",
}


def add(app: FastAPI, site: Site) -> None:
    """Add the page."""
    # An id may have slashes in it.
    site.add(app, "/performance/{sequence_id:path}", _performance, section="sequences")


async def _performance(visit: Visit) -> Page:
    given, sequence = visit.given, visit.subject("sequence_id")
    # Another sequence than that of the path would leave nothing.
    filters.check(given, BASIS, INTERVAL, without={"sequence"})
    interval = filters.one_of(given, "interval", tuple(INTERVALS))
    common = filters.common(given)
    everywhere, of_sequence = links.changed(common, basis=None), links.changed(common, sequence=sequence)
    found: Performance
    found, steps, funnel, trend = await visit.answers(
        visit.ask("performance", sequence, common),
        visit.ask("steps", sequence, everywhere),
        visit.ask("funnel", sequence, everywhere),
        visit.ask("trend", given=links.changed(everywhere, sequence=sequence, interval=interval)),
    )
    known = await visit.choices(list(FIELDS), sequence)
    return Page(
        "performance.html",
        {
            "sequence": sequence,
            "name": found.name or sequence,
            "given": given,
            "common": common,
            "zone": visit.zone,
            "bar": filters.bar(given, known, zone=visit.zone, today=formats.today(visit.zone), fields=FIELDS, basis=True),
            "live": None if filters.filtered(given) else sequence,
            "found": found,
            "tiles": _TILES,
            "meanings": {rate: meaning(rate, found.basis, found.opens) for rate in _TILES},
            "started": STARTED,
            "reached": REACHED,
            "drop_off": DROP_OFF,
            "outcomes": sums.outcomes(found, of_sequence),
            "totals": sums.totals(found, of_sequence),
            "steps": steps,
            "no_step": sum(getattr(steps.no_step, status) for status in STATUSES_STARTED),
            "funnel": funnel,
            "further": [step.reached - step.waiting - step.answered - step.dropped for step in funnel.steps],
            "trend": trend,
            "intervals": filters.options(given, INTERVAL.name, INTERVALS),
            "interval": interval,
            "statuses": STATUSES_STARTED,
            "behind": behind,
            "as_of": found.as_of,
        },
    )
