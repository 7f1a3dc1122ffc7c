"""Reports as tables for people, drawn from the JSON that everybody gets."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.console import local_time

Answer = Mapping[str, Any]
"""A report, as its JSON has it."""

_LEADING: Final = {"performance": ("open", "click", "reply", "meeting"), "analyze": ("open", "click", "reply_to_sequence", "meeting")}
"""The rates that the two tabs lead with."""


def draw(name: str, answer: Answer, zone: str) -> RenderableType:
    """The report `name` for people whose clock is that of `zone`."""
    return Group(_DRAWINGS.get(name, _lists)(name, answer, zone), _footer(answer, zone))


def percent(rate: Mapping[str, Any]) -> str:
    """A rate as people read it; 0/0 is a dash."""
    return "–" if rate["value"] is None else f"{rate['value']:.1%}"


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


def _performance(name: str, answer: Answer, _: str) -> RenderableType:
    title = f"{answer['name'] or answer['sequence_id']} ({answer['sequence_id']})" if "sequence_id" in answer else "all sequences"
    leading = _LEADING[name]
    rates = _table(f"{name}: {title}", ("rate",), ("value", "of"))
    for rate in (*leading, *(rate for rate in answer["rates"] if rate not in leading)):
        share = answer["rates"][rate]
        rates.add_row(_words(rate), percent(share), f"{share['numerator']:,} / {share['denominator']:,}")
    totals = dict(answer["totals"])
    mail = {number: totals.pop(number) for number in list(totals)[:8]}
    parts = {"enrollments": answer["enrollments"], "outcomes": answer["outcomes"], "mail": mail, "answers": totals}
    return Group(rates, Columns([_numbers(part, numbers) for part, numbers in parts.items()], padding=(0, 2)))


def _numbers(title: str, numbers: Mapping[str, int]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", show_header=False, box=box.SIMPLE, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for name, number in numbers.items():
        table.add_row(_words(name), f"{number:,}")
    return table


def _sequences(name: str, answer: Answer, zone: str) -> RenderableType:
    rates = ("open", "click", "reply", "meeting", "bounce")
    table = _table(name, ("sequence",), ("contacts", *rates))
    records = _table("", ("id", "owner", f"created ({zone})"), ("enrollments",))
    for sequence in answer["sequences"]:
        label = Text(sequence["name"] or sequence["sequence_id"])
        label.append(" (archived)" if sequence["archived"] else "", style="dim")
        table.add_row(label, f"{sequence['contacts']:,}", *(percent(sequence["rates"][rate]) for rate in rates))
        created = "" if sequence["created_at"] is None else local_time(sequence["created_at"], zone)[: len("2026-03-02")]
        records.add_row(sequence["sequence_id"], sequence["owner_id"] or "", created, f"{sequence['enrollments']:,}")
    return Group(table, records)


def _steps(name: str, answer: Answer, _: str) -> RenderableType:
    states = ("active", "paused", "finished", "unenrolled", "errored")
    rates = ("open", "click", "reply", "meeting", "bounce")
    standing = _table(f"{name} of {answer['sequence_id']}: where enrollments stand", ("#", "step"), states)
    doing = _table("how each step does", ("#", "step"), ("executed", "skipped", *rates))
    for step in answer["steps"]:
        order, label = "" if step["order"] is None else str(step["order"]), Text(step["name"] or step["step_id"])
        kind = Text(f" ({_words(step['kind'])})" if step["kind"] else "", style="dim")
        standing.add_row(order, label + kind, *(f"{step['status'][state]:,}" for state in states))
        numbers = (f"{step[number]:,}" for number in ("executed", "skipped"))
        doing.add_row(order, label, *numbers, *(percent(step["rates"][rate]) for rate in rates))
    standing.add_row("", "before the first step", *(f"{answer['no_step'][state]:,}" for state in states), style="dim")
    return Group(standing, Text(f"scheduled to start: {answer['scheduled']:,}\n", style="dim"), doing)


def _lists(name: str, answer: Answer, zone: str) -> RenderableType:
    """Any other report: its lists of records as tables, with rates as per cents and times in the zone."""
    tables: list[RenderableType] = []
    for part, rows in answer.items():
        if isinstance(rows, Sequence) and not isinstance(rows, str):
            flat = [_flat(row, zone) for row in rows]
            columns = list(dict.fromkeys(column for row in flat for column in row))
            table = _table(f"{name}: {_words(part)}", (), ())
            for column in columns:
                table.add_column(_words(column), justify="right" if _is_number_column(rows, column) else "left")
            for row in flat:
                table.add_row(*(row.get(column, "") for column in columns))
            tables.append(table)
    return Group(*tables)


def _flat(row: Mapping[str, Any], zone: str) -> dict[str, str]:
    cells: dict[str, str] = {}
    for name, value in row.items():
        if isinstance(value, Mapping) and "numerator" not in value:
            cells.update(_flat(value, zone))
        else:
            cells[name] = _cell(name, value, zone)
    return cells


def _cell(name: str, value: Any, zone: str) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return percent(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return local_time(value, zone) if name.endswith("_at") or name == "time" else str(value)


def _is_number_column(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    return any(isinstance(row.get(name), int | Mapping) and not isinstance(row.get(name), bool) for row in rows) or name not in rows[0]


def _table(title: str, texts: Sequence[str], numbers: Sequence[str]) -> Table:
    """An empty table; where the terminal is narrow, texts are broken rather than numbers."""
    table = Table(title=title, title_justify="left", title_style="bold cyan", box=box.SIMPLE_HEAD, pad_edge=False)
    for text in texts:
        table.add_column(text)
    for number in numbers:
        table.add_column(number, justify="right", no_wrap=True)
    return table


def _words(name: str) -> str:
    return name.replace("_", " ")


_DRAWINGS: Final[Mapping[str, Callable[[str, Answer, str], RenderableType]]] = {
    "performance": _performance,
    "analyze": _performance,
    "sequences": _sequences,
    "steps": _steps,
}
