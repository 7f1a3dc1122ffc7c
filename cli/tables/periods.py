"""The tables of `monthly` and `trend`."""

from rich.console import Group, RenderableType

from cli.tables.cells import Answer, bars, percent
from cli.tables.table import table


def monthly(answer: Answer, _: str) -> RenderableType:
    rates = ("open", "click", "reply", "meeting", "unsubscribe")
    title = f"monthly: enrollments by the month of their start ({answer['time_zone']})"
    drawn = table(title, ("month",), ("enrollments", "contacts", *rates))
    drawn.columns[0].no_wrap = True
    for month in answer["months"]:
        numbers = (f"{month[number]:,}" for number in ("enrollments", "contacts"))
        drawn.add_row(month["month"], *numbers, *(percent(month["rates"][rate]) for rate in rates))
    return drawn


def trend(answer: Answer, _: str) -> RenderableType:
    numbers = ("enrollments", "contacts", "opened", "clicked", "replied", "met", "unsubscribed")
    drawn = table(f"trend: enrollments by the {answer['interval']} of their start", ("start",), numbers)
    drawn.columns[0].no_wrap = True
    for point in answer["points"]:
        drawn.add_row(point["start"], *(f"{point[number]:,}" for number in numbers))
    return Group(drawn, bars([point["enrollments"] for point in answer["points"]]))
