"""The table of `times`."""

from rich.console import Group, RenderableType
from rich.text import Text

from cli.tables.cells import Answer, bars, duration, words
from cli.tables.table import table


def times(answer: Answer, _: str) -> RenderableType:
    drawn = table("times: how long it takes", ("", "distribution"), ("count", "median", "9 in 10 within"))
    drawn.columns[1].no_wrap = True
    for one in answer["times"]:
        counts = [part["count"] for part in one["histogram"]]
        drawn.add_row(words(one["measure"]), bars(counts), f"{one['count']:,}", duration(one["median"]), duration(one["p90"]))
    scale = ", ".join(duration(part["from"]) for part in answer["times"][0]["histogram"])
    error = answer["error"]
    told = f"bars from {scale} on; median and nine tenths are right within {error['seconds']:g} s or {error['share']:.1%}\n"
    return Group(drawn, Text(told, style="dim"))
