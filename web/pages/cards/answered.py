"""Cards with what their reports say just now, or why they say nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

from pydantic import BaseModel
from xxhash import xxh3_64_hexdigest

from events.catalog import DashboardCard
from projections.cards import question
from projections.reports import NotFound, ParameterError
from projections.reports.contact import Contact
from projections.reports.custom import Custom
from web.answers import Answers
from web.pages.called import NO_WORDS, Names, Words, words_of
from web.pages.cards.card import Card, full_page, in_words, parts, title_of
from web.pages.cards.headlines import headlines
from web.pages.shown import Asked, Drawing, drawings
from web.problems import problem_of

_HEADLINES: Final = ("performance", "analyze")
_LINES: Final = 8
"""Rows of a list or of bars; the page behind the card has all. What goes on in time, or from step to step, is whole."""
_WHOLE: Final = ("steps", "funnel", "times")


class Place(NamedTuple):
    """Where a card stands: the number counts from 0, the id is its own on the page. `zone` of times."""

    number: int
    id: str
    zone: str
    words: Words


async def answered(cards: Sequence[DashboardCard], answers: Answers, account: str, names: Names) -> list[Card]:
    """The cards with their answers, each as of one instant. `names`: sequence -> what people call it. Raises `Busy`."""
    found = await answers.each([partial(question, card, account=account, default_time_zone=answers.time_zone) for card in cards])
    seen: dict[str, int] = {}
    made = []
    for place, (card, answer) in enumerate(zip(cards, found, strict=True)):
        key = xxh3_64_hexdigest(card.model_dump_json().encode())
        seen[key] = seen.get(key, 0) + 1  # nobody keeps people from having the same card twice
        words = {"sequence": names, **(await words_of(answers, account, answer) if isinstance(answer, Custom) else NO_WORDS)}
        made.append(_card(card, answer, Place(place, f"card-{key}-{seen[key]}", answers.time_zone, words)))
    return list(_laid_out(made))


def _card(card: DashboardCard, answer: BaseModel | Exception, place: Place) -> Card:
    person = answer.name if isinstance(answer, Contact) else None
    subject, given = parts(card)
    title, about = title_of(card, place.words["sequence"], person), in_words(given, place.words)
    made = Card(place.id, place.number, title, card.title or "", about, full_page(card))
    if isinstance(answer, Exception):
        return replace(made, problem=_why(answer))
    if card.report in _HEADLINES:
        return replace(made, headlines=headlines(card.report, answer, given))
    zone = next(iter(given.get("time_zone", ())), place.zone)
    drawing = _drawing(Asked(card.report, subject, given, zone, place.id, place.words), answer)
    shown = drawing.rows if drawing.chart == "line" or card.report in _WHOLE else drawing.rows[:_LINES]
    if card.report == "times" and "way" not in given:
        made = replace(made, title=f"{made.title}: {drawing.title[:1].lower()}{drawing.title[1:]}")
    return replace(made, drawing=replace(drawing, title=made.title, rows=shown), left_out=_in_all(drawing, answer) - len(shown))


def _drawing(asked: Asked, answer: Any) -> Drawing:
    """The first of them that shows something."""
    if asked.report == "contact":
        asked, answer = asked._replace(report="enrollments"), SimpleNamespace(enrollments=answer.enrollments)
        return replace(drawings(asked, answer)[0], csv=None)
    made = drawings(asked, answer)
    return next((one for one in made if one.rows), made[0])


def _in_all(drawing: Drawing, answer: Any) -> int:
    """How many rows there are; of lists that come in pages more than on the first."""
    return max(len(drawing.rows), getattr(answer, "total", 0) if hasattr(answer, "next") else 0)


def _why(error: Exception) -> str:
    """Why a card has no answer, for people."""
    match error:
        case ParameterError():
            return f"This card does not fit any more: {error}. Remove it, and add the report again as it is now."
        case NotFound():
            return f"There is no {error.kind} {error.id!r}: no event has named it."
    told = str(problem_of(error).details["detail"])
    return f"{told[:1].upper()}{told[1:]}."


def _laid_out(cards: Iterable[Card]) -> Iterable[Card]:
    """Two beside each other, unless one wants the whole width, or has nobody beside it."""
    waiting: Card | None = None
    for card in cards:
        if not _is_narrow(card):
            if waiting is not None:
                yield replace(waiting, is_wide=True)
            waiting = None
            yield replace(card, is_wide=True)
        elif waiting is None:
            waiting = card
        else:
            yield waiting
            yield card
            waiting = None
    if waiting is not None:
        yield replace(waiting, is_wide=True)


def _is_narrow(card: Card) -> bool:
    return card.problem is not None or (card.drawing is not None and card.drawing.is_charted)
