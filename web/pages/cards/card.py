"""A card of a dashboard as people see it: what it is called, what it is of, and where all of it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from events.catalog import DashboardCard
from projections.reports import REPORTS
from projections.reports.parameters import Given
from web.pages import filters, formats, links
from web.pages.called import Names, Words
from web.pages.cards.headlines import Headlines
from web.pages.shown import Drawing
from web.pages.shown.histograms import TITLES as WAYS
from web.pages.shown.words import DIMENSIONS, MEASURES

TITLES: Final[Mapping[str, str]] = {
    "performance": "Performance",
    "analyze": "All sequences",
    "sequences": "Sequences",
    "steps": "Enrollments by step",
    "enrollments": "Enrollments",
    "contacts": "Highly engaged contacts",
    "contact": "Enrollments",
    "funnel": "How far contacts come",
    "monthly": "Rates by month",
    "trend": "Trend",
    "engagement": "Contacts by what they did",
    "times": "Time to answer",
    "variants": "Rates by variant",
    "opens": "Opens with and without machines",
    "sentiment": "Replies by sentiment",
    "leaderboard": "Leaderboard",
    "senders": "Sender score",
    "custom": "Custom report",
}
"""What a card is called that nobody has given a title."""
_DATES: Final = ("enrolled_from", "enrolled_to")
_NOT_SAID: Final = ("interval", "way", "measure", "by", "sort", "order", "limit", "cursor", "week_start", "baseline")
"""Parameters that narrow nothing down, or of which the title tells."""
_DAY_LENGTH: Final = len("2026-03-02")


@dataclass(frozen=True, slots=True)
class Card:
    """A card with its answer, or without. `place` counts from 0."""

    id: str
    """Of its own on the page, and the same as long as the card is the same."""
    place: int
    title: str
    own_title: str
    """What somebody has called it; "" for nothing."""
    about: str
    """What narrows it down, in words."""
    href: str | None
    """The page that has all of it."""
    headlines: Headlines | None = None
    drawing: Drawing | None = None
    left_out: int = 0
    """Rows that there are besides."""
    problem: str | None = None
    """Why there is no answer."""
    is_wide: bool = False
    """Whether it takes the whole width."""


def parts(card: DashboardCard) -> tuple[str | None, dict[str, list[str]]]:
    """What the report of a card is about, and its other parameters."""
    given = {name: list(values) for name, values in (card.parameters or {}).items() if values}
    report = REPORTS.get(card.report)
    if report is None or report.subject is None:
        return None, given
    named = given.pop(f"{report.subject}_id", [])
    return (named[0] if named else None), given


def title_of(card: DashboardCard, names: Names, person: str | None = None) -> str:
    """What a card is called. `person`: the name of the contact that it is about, where it is known."""
    if card.title:
        return card.title
    subject, given = parts(card)
    title = TITLES.get(card.report, card.report)
    if card.report == "trend":
        return f"{title} by {next(iter(given.get('interval', ())), 'day')}"
    if card.report == "custom":
        return _counted(given)
    if card.report == "times":
        way = WAYS.get(next(iter(given.get("way", ())), ""))
        return title if way is None else f"{title}: {way[:1].lower()}{way[1:]}"
    return title if subject is None else f"{person or names.get(subject, subject)}: {title[:1].lower()}{title[1:]}"


def _counted(given: Given) -> str:
    """What a free report counts, and by what."""
    measures, by = ([one for value in given.get(name, ()) for one in value.split(",")] for name in ("measure", "by"))
    counted = ", ".join(MEASURES.get(name, name) for name in measures)
    return f"{counted or TITLES['custom']}{' by ' if by else ''}{' and '.join(DIMENSIONS.get(name, name).lower() for name in by)}"


def in_words(given: Given, words: Words) -> str:
    """What narrows a report down, for people."""
    said = []
    for name, values in given.items():
        if name not in _NOT_SAID:
            label = filters.FIELDS.get(name, name.replace("_", " ").capitalize())
            said.append(f"{label}: {', '.join(_value(name, value, words) for value in values)}")
    return " · ".join(said)


def _value(name: str, value: str, words: Words) -> str:
    if name in words:
        return words[name].get(value, value)
    try:
        return formats.day(value) if name in _DATES and len(value) == _DAY_LENGTH else value
    except ValueError:  # a card may say anything
        return value


def full_page(card: DashboardCard) -> str | None:
    """The page that shows all of what a card shows a part of."""
    subject, given = parts(card)
    match card.report:
        case "performance" | "steps" | "funnel":
            return None if subject is None else links.performance(subject, given)
        case "contact":
            return None if subject is None else links.contact(subject)
        case "enrollments":  # there is a page for those of one sequence
            sequences = given.get("sequence", [])
            return links.enrollments(sequences[0], given, sequence=None) if len(sequences) == 1 else None
        case "analyze" | "contacts":
            return links.analyze(given, limit=None)
        case "sequences":
            return links.sequences({name: values for name, values in given.items() if name in ("sort", "order", "time_zone")})
        case report:
            return links.report(report, given) if report in REPORTS else None
