"""The tables of `steps` and `funnel`."""

from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from cli.tables.cells import Answer, bar, label, percent, words
from cli.tables.table import table

_BAR: Final = 24


def steps(answer: Answer, _: str) -> RenderableType:
    states = ("active", "paused", "finished", "unenrolled", "errored")
    rates = ("open", "click", "reply", "meeting", "bounce")
    standing = table(f"steps of {answer['sequence_id']}: where enrollments stand", ("#", "step"), states)
    doing = table("how each step does", ("#", "step"), ("executed", "skipped", *rates))
    for step in answer["steps"]:
        order = "" if step["order"] is None else str(step["order"])
        standing.add_row(order, _name(step), *(f"{step['status'][state]:,}" for state in states))
        numbers = (f"{step[number]:,}" for number in ("executed", "skipped"))
        doing.add_row(order, label(step["name"], step["step_id"]), *numbers, *(percent(step["rates"][rate]) for rate in rates))
    standing.add_row("", "before the first step", *(f"{answer['no_step'][state]:,}" for state in states), style="dim")
    return Group(standing, Text(f"scheduled to start: {answer['scheduled']:,}\n", style="dim"), doing)


def funnel(answer: Answer, _: str) -> RenderableType:
    reasons = ("waiting", "answered", "dropped")
    title = f"funnel of {label(answer['name'], answer['sequence_id'])}: how far {answer['contacts']:,} contacts came"
    coming = table(title, ("#", "step", "reach"), ("", "reached"))
    coming.columns[2].no_wrap = True
    leaving = table("who came no further", ("#", "step"), (*reasons, "drop-off"))
    leaving.add_row("", "before the first step", *(f"{answer['before_first'][one]:,}" for one in reasons), "", style="dim")
    for step in answer["steps"]:
        order, reach = str(step["order"]), step["reach"]
        coming.add_row(order, _name(step), bar(reach["value"], _BAR), percent(reach), f"{step['reached']:,}")
        leaving.add_row(order, step["name"], *(f"{step[one]:,}" for one in reasons), percent(step["drop_off"]))
    return Group(coming, leaving)


def _name(step: Answer) -> Text:
    name = Text(label(step["name"], step["step_id"]))
    return name.append(f" ({words(step['kind'])})" if step["kind"] else "", style="dim")
