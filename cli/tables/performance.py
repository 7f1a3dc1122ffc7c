"""The tables of `performance` and `analyze`."""

from collections.abc import Sequence

from rich.columns import Columns
from rich.console import Group, RenderableType

from cli.tables.cells import Answer, percent, words
from cli.tables.table import pairs, table


def performance(answer: Answer, _: str) -> RenderableType:
    title = f"performance: {answer['name'] or answer['sequence_id']} ({answer['sequence_id']})"
    return _numbers(title, answer, ("open", "click", "reply", "meeting"))


def analyze(answer: Answer, _: str) -> RenderableType:
    return _numbers("analyze: all sequences", answer, ("open", "click", "reply_to_sequence", "meeting"))


def _numbers(title: str, answer: Answer, leading: Sequence[str]) -> RenderableType:
    """`leading`: the rates that the tab of this report leads with."""
    rates = table(title, ("rate",), ("value", "of"))
    for rate in (*leading, *(rate for rate in answer["rates"] if rate not in leading)):
        share = answer["rates"][rate]
        rates.add_row(words(rate), percent(share), f"{share['numerator']:,} / {share['denominator']:,}")
    totals = dict(answer["totals"])
    mail = {number: totals.pop(number) for number in list(totals)[:8]}
    parts = {"enrollments": answer["enrollments"], "outcomes": answer["outcomes"], "mail": mail, "answers": totals}
    return Group(rates, Columns([pairs(part, numbers) for part, numbers in parts.items()], padding=(0, 2)))
