"""How each report is shown: which list, which columns, and what of them the chart shows. Nothing else knows of them."""

from collections.abc import Mapping
from typing import Final

from projections.reports.rates import STATUSES_STARTED
from web.pages.meanings import RATES
from web.pages.shown import heads, lines
from web.pages.shown.fields import Field, count, rate, text
from web.pages.shown.shape import Shape


def _rates(*names: str, colours: Mapping[str, str] | None = None, sorts: bool = True) -> tuple[Field, ...]:
    return tuple(rate(RATES[name], f"rates.{name}", (colours or {}).get(name), name if sorts else None) for name in names)


_COLOURS: Final = {"open": "5", "click": "3", "reply": "2", "meeting": "4", "unsubscribe": "7"}
_STATUSES: Final = tuple(count(status.capitalize(), f"status.{status}", status) for status in STATUSES_STARTED)


_WHOLE: Final = (
    Shape("Rates", "Each rate, with what it is a share of", lines.all_rates, "Rate", heads.named, (rate("Share", "rate", "1"),), "bars"),
    Shape(
        "Outcomes",
        "What became of each enrollment, or where it stands; they add up to all of them",
        lines.all_outcomes,
        "Outcome",
        heads.named,
        (count("Enrollments", "count", "1"),),
        "bars",
        part="outcomes",
    ),
)
_PEOPLE: Final = (
    text("Company", lambda line: line.company_name or line.company_id or "–"),
    text("Sequence", lambda line: line.sequence_name or line.sequence_id),
    text("Status", lambda line: line.status.capitalize()),
    count("Opens", "opens"),
    count("Clicks", "clicks"),
    text("Replied", lambda line: "yes" if line.replied else "–"),
    text("Met", lambda line: "yes" if line.met else "–"),
)
_TOO_FEW: Final = "too few have ended to judge a person by"

SHAPES: Final[Mapping[str, tuple[Shape, ...]]] = {
    "performance": _WHOLE,
    "analyze": _WHOLE,
    "sequences": (
        Shape(
            "Sequences",
            "What came of each sequence",
            "sequences",
            "Sequence",
            heads.sequence,
            (
                count("Enrollments", "enrollments", sort="enrollments"),
                count("Contacts", "contacts", sort="contacts"),
                *_rates(*RATES),
                count("Opens", "opens_total", sort="opens_total"),
                count("Clicks", "clicks_total", sort="clicks_total"),
                count("Replies", "replies_total", sort="replies_total"),
                count("Meetings", "meetings_total", sort="meetings_total"),
            ),
            "bars",
            head_sort="name",
            sorted_by="sequence",
        ),
    ),
    "engagement": (
        Shape(
            "Contacts by what they did",
            "How many different contacts of each sequence did what; whoever did two things is in two columns",
            "sequences",
            "Sequence",
            heads.sequence,
            (
                count("Contacts", "contacts", "7"),
                count("Opened", "opened", "5"),
                count("Clicked", "clicked", "3"),
                count("Replied", "replied", "2"),
                count("Met", "met", "4"),
                count("Unsubscribed", "unsubscribed"),
                count("Bounced", "bounced"),
            ),
            "bars",
        ),
    ),
    "steps": (
        Shape(
            "Enrollments by step",
            "Where the enrollments of this sequence stand now, or stood at their end",
            lines.with_no_step,
            "Current step",
            heads.step,
            (*_STATUSES, count("Total", "total")),
            "stacked",
        ),
        Shape(
            "What each step brings",
            "Of the contacts that executed the step, those who did so in an e-mail or a call of that step",
            "steps",
            "Step",
            heads.step,
            (
                *(count("Executed", "executed"), count("Skipped", "skipped"), count("Sent", "sent")),
                *_rates("open", "click", "reply", "meeting", "bounce", colours=_COLOURS, sorts=False),
            ),
            "bars",
            part="rates",
        ),
    ),
    "funnel": (
        Shape(
            "How far contacts come",
            "Of those who reached a step: who came further, who is still there, who has answered, and who was lost",
            lines.with_before_first,
            "Step",
            heads.step,
            (
                count("Reached", "reached"),
                count("Came further", lambda step: lines.further(step.reached, step), "1"),
                count("Still there", "waiting", "3"),
                count("Answered", "answered", "2"),
                count("Dropped", "dropped", "errored"),
                rate("Reach", "reach"),
                rate("Drop-off", "drop_off"),
            ),
            "stacked",
        ),
    ),
    "enrollments": (Shape("Enrollments", "The newest start first", "enrollments", "Contact", heads.contact, _PEOPLE),),
    "contacts": (Shape("Highly engaged contacts", "The most engaged first", "contacts", "Contact", heads.contact, _PEOPLE),),
    "monthly": (
        Shape(
            "Rates by month of the start",
            "What became of the enrollments that started in each month ({zone})",
            "months",
            "Month",
            heads.month,
            (
                count("Enrollments", "enrollments"),
                count("Contacts", "contacts"),
                *_rates("open", "click", "reply", "meeting", "unsubscribe", colours=_COLOURS, sorts=False),
            ),
            "line",
        ),
    ),
    "trend": (
        Shape(
            "Enrollments by time of the start",
            "How many started then ({zone}), and how many of these did what",
            "points",
            "Begins",
            heads.point,
            (
                count("Enrolled", "enrollments", "1"),
                count("Contacts", "contacts"),
                count("Opened", "opened", "5"),
                count("Clicked", "clicked", "3"),
                count("Replied", "replied", "2"),
                count("Met", "met", "4"),
                count("Unsubscribed", "unsubscribed", "7"),
            ),
            "line",
        ),
    ),
    "variants": (
        Shape(
            "Rates by variant",
            "Of the different contacts of each variant",
            "variants",
            "Variant",
            heads.variant,
            (count("Contacts", "contacts"), *_rates("open", "click", "reply", "meeting", colours=_COLOURS, sorts=False)),
            "bars",
            note=lines.without_variant,
        ),
    ),
    "opens": (
        Shape(
            "Open rate with and without machines",
            "Adjusted: what only machines opened is gone, also from what it is a share of",
            "sequences",
            "Sequence",
            heads.sequence,
            (rate("As it is", "plain", "7"), rate("Adjusted", "adjusted", "5"), count("Opened by machines only", "machine_only")),
            "bars",
            total="total",
        ),
    ),
    "sentiment": (
        Shape(
            "Replies by sentiment",
            "Replies that count, by what their events say of them",
            "sequences",
            "Sequence",
            heads.sequence,
            (
                count("Replies", "replies"),
                count("Positive", "positive", "2"),
                count("Neutral", "neutral", "5"),
                count("Negative", "negative", "errored"),
                count("Not told", "unknown", "7"),
            ),
            "stacked",
            total="total",
        ),
    ),
    "leaderboard": (
        Shape(
            "Leaderboard",
            "What came of the enrollments by each user",
            "users",
            "Enrolled by",
            heads.user,
            (
                count("Met", "met", sort="met"),
                count("Replied", "replied", sort="replied"),
                count("Clicked", "clicked", sort="clicked"),
                count("Opened", "opened", sort="opened"),
                count("Enrollments", "enrollments", sort="enrollments"),
                count("Contacts", "contacts", sort="contacts"),
                count("E-mails", "emails_sent", sort="emails_sent"),
                *_rates("open", "click", "reply", "meeting", "bounce"),
            ),
            "bars",
            head_sort="enrolled_by",
            sorted_by="user",
        ),
    ),
    "senders": (
        Shape(
            "Sender score",
            "Of the enrollments that have ended; best reply rate first",
            "users",
            "Enrolled by",
            heads.user,
            (
                count("Ended", "ended"),
                rate("Reply rate", "reply_rate", "2", why=_TOO_FEW),
                rate("Bounce rate", "bounce_rate", "errored", why=_TOO_FEW),
            ),
            "bars",
            note=lines.needed,
        ),
    ),
}
"""`times` and `custom` have drawings of their own; a contact has a page."""
