"""How long answers took: a histogram for each way from something to its answer."""

from collections.abc import Mapping
from typing import Any, Final

from web.pages import formats
from web.pages.shown.asked import Asked
from web.pages.shown.drawing import Cell, Column, Drawing, Row

TITLES: Final[Mapping[str, str]] = {
    "send_to_open": "From the send to the open",
    "send_to_click": "From the send to the click",
    "send_to_reply": "From the send to the reply",
    "enrollment_to_reply": "From the start to the reply",
    "enrollment_to_meeting": "From the start to the meeting",
}
"""Way -> what it is called."""
_COLOURS: Final = {
    "send_to_open": "5",
    "send_to_click": "3",
    "send_to_reply": "2",
    "enrollment_to_reply": "2",
    "enrollment_to_meeting": "4",
}


def histograms(asked: Asked, answer: Any) -> list[Drawing]:
    return [_histogram(asked, one) for one in answer.times]


def _histogram(asked: Asked, times: Any) -> Drawing:
    known = f"Half within {formats.duration(times.median)}, nine in ten within {formats.duration(times.p90)}"
    return Drawing(
        id="-".join(filter(None, (asked.prefix, times.measure.replace("_", "-")))),
        title=TITLES[times.measure],
        caption="How many took so long",
        head="Time",
        columns=[Column("Number", colour=_COLOURS[times.measure])],
        rows=[_row(bar) for bar in times.histogram] if times.count else [],
        chart="bars",
        notes=[f"{known}; {formats.number(times.count)} in all"] if times.count else [],
    )


def _row(bar: Any) -> Row:
    first, last = formats.duration(bar.start), formats.duration(bar.to)
    label = f"{first} or longer" if bar.to is None else f"{first} to {last}" if bar.start else f"less than {last}"
    short = f"≥ {first}" if bar.to is None else f"< {last}"
    return Row(str(bar.start), label, [Cell(formats.number(bar.count), value=str(bar.count))], short)
