"""A card of a dashboard as the question that it asks."""

from events.catalog import DashboardCard
from projections.reports import REPORTS, Question, ask
from projections.reports.parameters import single


def question(card: DashboardCard, *, account: str, default_time_zone: str = "UTC") -> Question:
    """The card's question with everything about it checked; nothing is read.

    What the report is about stands among the parameters of the card, such as `sequence_id`. Raises `ParameterError`.
    """
    given = dict(card.parameters or {})
    report = REPORTS.get(card.report)
    subject = None
    if report is not None and report.subject is not None:
        name = f"{report.subject}_id"
        subject = single(given, name)
        given.pop(name, None)
    return ask(card.report, account=account, subject=subject, parameters=given, default_time_zone=default_time_zone)
