"""The tables that have a line for each sequence."""

from collections.abc import Callable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.tables.cells import Answer, label, local_day, percent
from cli.tables.table import table


def sequences(answer: Answer, zone: str) -> RenderableType:
    rates = ("open", "click", "reply", "meeting", "bounce")
    doing = table("sequences", ("sequence",), ("contacts", *rates))
    records = table("", ("id", "owner", f"created ({zone})"), ("enrollments",))
    for sequence in answer["sequences"]:
        name = Text(label(sequence["name"], sequence["sequence_id"]))
        name.append(" (archived)" if sequence["archived"] else "", style="dim")
        doing.add_row(name, f"{sequence['contacts']:,}", *(percent(sequence["rates"][rate]) for rate in rates))
        created = local_day(sequence["created_at"], zone)
        records.add_row(sequence["sequence_id"], sequence["owner_id"] or "", created, f"{sequence['enrollments']:,}")
    return Group(doing, records)


def engagement(answer: Answer, _: str) -> RenderableType:
    return _lines("engagement: distinct contacts", answer, ("contacts", "opened", "clicked", "replied", "met", "unsubscribed", "bounced"))


def sentiment(answer: Answer, _: str) -> RenderableType:
    numbers = ("replies", "positive", "neutral", "negative", "unknown")
    return _with_total(_lines("sentiment: counted replies", answer, numbers), answer, lambda line: [f"{line[one]:,}" for one in numbers])


def opens(answer: Answer, _: str) -> RenderableType:
    def cells(line: Answer) -> list[str]:
        plain, adjusted = line["plain"], line["adjusted"]
        counted = f"{adjusted['numerator']:,} / {adjusted['denominator']:,}"
        return [percent(plain), percent(adjusted), counted, f"{line['machine_only']:,}"]

    drawn = table("opens: with and without machines", ("sequence",), ("plain", "adjusted", "of", "machine only"))
    for line in answer["sequences"]:
        drawn.add_row(label(line["name"], line["sequence_id"]), *cells(line))
    return _with_total(drawn, answer, cells)


def _lines(title: str, answer: Answer, numbers: Sequence[str]) -> Table:
    drawn = table(title, ("sequence",), numbers)
    for line in answer["sequences"]:
        drawn.add_row(label(line["name"], line["sequence_id"]), *(f"{line[number]:,}" for number in numbers))
    return drawn


def _with_total(drawn: Table, answer: Answer, cells: Callable[[Answer], Sequence[str]]) -> Table:
    drawn.add_section()
    drawn.add_row("all", *cells(answer["total"]), style="bold")
    return drawn
