"""Dead letters as people and programs read them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from cli.console import local_time, printable
from cli.tables.cells import NOTHING
from cli.tables.table import table
from events.quarantine.dead_letters import Letter, Mark, by_reason
from events.rfc3339 import format_time
from streams.redrive import redriven_from, standing

if TYPE_CHECKING:
    from events.quarantine.dead_letter import DeadLetter


def letter_list(letters: Sequence[Letter], total: Sequence[Letter]) -> dict[str, Any]:
    """The letters shown, with the numbers of all that the filters let pass."""
    return {"total": len(total), "reasons": by_reason(total), "letters": [summary(letter) for letter in letters]}


def summary(letter: Letter) -> dict[str, Any]:
    """One letter in JSON, without its bytes."""
    return {
        "id": letter.id,
        "time": format_time(letter.at),
        "reason": letter.reason,
        "account": letter.account,
        "topic": letter.origin.topic,
        "partition": letter.origin.partition,
        "offset": letter.origin.offset,
        "detail": letter.detail,
        "state": letter.state,
    }


def whole(letter: Letter, dead: "DeadLetter") -> dict[str, Any]:
    """One letter in JSON with everything. What is no text comes in hexadecimal digits, under a name that ends in `_hex`."""
    return {
        **summary(letter),
        **_bytes("key", dead.key),
        **_bytes("value", dead.value),
        "headers": [{"name": name, **_bytes("value", content)} for name, content in dead.headers],
        "traceback": dead.traceback,
        "redriven_from": redriven_from(dead.headers),
        "history": [_mark(mark) for mark in letter.marks],
    }


def draw_list(letters: Sequence[Letter], total: Sequence[Letter], zone: str, state: str) -> RenderableType:
    """A line for each letter, and the numbers of all that the filters let pass."""
    drawn = table(
        "dead letters", ("id", f"in the log since\n({zone})", "reason", "account", *(("state",) if state == "all" else ()), "detail"), ()
    )
    drawn.columns[0].no_wrap = drawn.columns[1].no_wrap = drawn.columns[2].no_wrap = True
    drawn.columns[-1].overflow, drawn.columns[-1].no_wrap = "ellipsis", True
    for letter in letters:
        states = (letter.state,) if state == "all" else ()
        when = local_time(format_time(letter.at), zone).rpartition(" ")[0]
        cells = (letter.id, when, letter.reason, letter.account or NOTHING, *states, letter.detail)
        drawn.add_row(*map(printable, cells))
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in by_reason(total).items())
    shown = "" if len(letters) == len(total) else f"the newest {len(letters):,} of "
    of = "" if state == "all" else f" {state}"
    return Group(drawn, Text(f"{shown}{len(total):,}{of}{': ' if reasons else ''}{reasons}\n", style="dim"))


def draw_whole(letter: Letter, dead: "DeadLetter", zone: str) -> str:
    """Everything about a letter as text."""
    found = whole(letter, dead)
    lines = [
        f"{letter.id}  {standing(letter)}",
        f"reason     {letter.reason}: {letter.detail}",
        f"in the log {local_time(found['time'], zone)}",
        f"account    {letter.account or NOTHING}",
        f"key        {_shown(dead.key)}",
        *(f"header     {name}: {_shown(content)}" for name, content in dead.headers),
        *(f"was sent   for {found['redriven_from']}" for _ in [0] if found["redriven_from"]),
        *(f"history    {_told(mark, zone)}" for mark in letter.marks),
        f"value      {NOTHING if dead.value is None else f'{len(dead.value):,} bytes'}",
        *([] if dead.value is None else ["", _shown(dead.value)]),
        *([] if dead.traceback is None else ["", dead.traceback.rstrip()]),
    ]
    return "\n".join(printable(line) for text in lines for line in text.splitlines() or [""])


def _mark(mark: Mark) -> dict[str, Any]:
    return {
        "mark": mark.kind,
        "by": mark.by,
        "time": format_time(mark.at),
        "to": None if mark.to is None else str(mark.to),
        "text": mark.text,
    }


def _told(mark: Mark, zone: str) -> str:
    where = f" to {mark.to}" if mark.to is not None and mark.kind == "redriven" else ""
    why = f": {mark.text}" if mark.text else ""
    return f"{mark.kind}{where} by {mark.by}, {local_time(format_time(mark.at), zone)}{why}"


def _bytes(name: str, content: bytes | None) -> dict[str, str | None]:
    text = None if content is None else _text(content)
    return {f"{name}_hex": content.hex()} if content is not None and text is None else {name: text}


def _text(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _shown(content: bytes | None) -> str:
    if content is None:
        return NOTHING
    text = _text(content)
    return f"(no text, in hexadecimal digits) {content.hex(' ', 4)}" if text is None else text
