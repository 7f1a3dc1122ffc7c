"""The tables of `leaderboard` and `senders`."""

from rich.console import Group, RenderableType

from cli.tables.cells import Answer, label, percent
from cli.tables.table import table


def leaderboard(answer: Answer, _: str) -> RenderableType:
    numbers = ("enrollments", "contacts", "emails_sent", "opened", "clicked", "replied", "met")
    rates = ("open", "click", "reply", "meeting", "bounce")
    drawn = table("leaderboard: enrollments of each user", ("user",), numbers)
    shares = table("rates of contacts", ("user",), rates)
    for user in answer["users"]:
        name = label(None, user["enrolled_by"])
        drawn.add_row(name, *(f"{user[number]:,}" for number in numbers))
        shares.add_row(name, *(percent(user["rates"][rate]) for rate in rates))
    return Group(drawn, shares)


def senders(answer: Answer, _: str) -> RenderableType:
    drawn = table(f"senders: rates from {answer['minimum']:,} ended enrollments on", ("user",), ("ended", "reply rate", "bounce rate"))
    for user in answer["users"]:
        rates = ("too few" if user[rate] is None else percent(user[rate]) for rate in ("reply_rate", "bounce_rate"))
        drawn.add_row(user["enrolled_by"], f"{user['ended']:,}", *rates)
    return drawn
