"""Reports as tables for people, drawn from the JSON that everybody gets."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, BinaryIO, Final

from pydantic import BaseModel
from rich.console import Group, RenderableType
from rich.text import Text

from cli.console import local_time, paper, printable
from cli.tables import contact, custom, enrollments, performance, periods, sequences, steps, times, users, variants
from cli.tables.cells import Answer
from projections.reports import Question

_DRAWINGS: Final[Mapping[str, Callable[[Answer, str], RenderableType]]] = {
    "performance": performance.performance,
    "analyze": performance.analyze,
    "sequences": sequences.sequences,
    "steps": steps.steps,
    "funnel": steps.funnel,
    "enrollments": enrollments.enrollments,
    "contacts": enrollments.contacts,
    "contact": contact.contact,
    "monthly": periods.monthly,
    "trend": periods.trend,
    "times": times.times,
    "engagement": sequences.engagement,
    "opens": sequences.opens,
    "sentiment": sequences.sentiment,
    "variants": variants.variants,
    "leaderboard": users.leaderboard,
    "senders": users.senders,
    "custom": custom.custom,
}


def draw(name: str, answer: Answer, zone: str) -> RenderableType:
    """The report `name` for people whose clock is that of `zone`."""
    shown = _printable(answer)
    return Group(_DRAWINGS[name](shown, zone), _footer(shown, zone))


def write_table(question: Question, answers: Iterable[BaseModel], sink: BinaryIO) -> None:
    """Draw answers, at the width of the terminal if it is one."""
    for answer in answers:
        paper(sink).print(draw(question.report.name, answer.model_dump(by_alias=True), question.query.time_zone))


def _printable(value: Any) -> Any:
    """The same with every text made `printable`."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {key: _printable(inner) for key, inner in value.items()}
    return [_printable(inner) for inner in value] if isinstance(value, list) else value


def _footer(answer: Answer, zone: str) -> Text:
    of = answer.get("as_of") or {}
    filters = "; ".join(
        f"{name}: {value if isinstance(value, str) else ', '.join(value)}" for name, value in answer.get("filters", {}).items()
    )
    lag = "unknown" if of.get("lag") is None else f"{of['lag']:,}"
    parts = [
        f"basis {answer['basis']}" if "basis" in answer else "",
        f"opens {answer['opens']}" if "opens" in answer else "",
        filters,
        f"{of['applied']:,} events applied, lag {lag}, last commit {local_time(of['time'], zone)}" if of else "",
        "" if of else f"times in {zone}",
    ]
    return Text(" · ".join(part for part in parts if part) + "\n", style="dim")
