"""The look of every table."""

from collections.abc import Mapping, Sequence
from typing import Final

from rich import box
from rich.table import Table

from cli.tables.cells import words

_HEADS: Final = {"enrollments": "enrolled", "emails_sent": "sent", "unsubscribed": "unsub-\nscribed", "unsubscribe": "unsub-\nscribe"}
"""Heads that would be wider than what is below them."""


def table(title: str, texts: Sequence[str], numbers: Sequence[str]) -> Table:
    """An empty table; where the terminal is narrow, texts are broken rather than numbers."""
    made = Table(title=title, title_justify="left", title_style="bold cyan", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for text in texts:
        made.add_column(text, overflow="fold")
    for number in numbers:
        made.add_column(_HEADS.get(number, number), justify="right", no_wrap=True)
    return made


def pairs(title: str, numbers: Mapping[str, int]) -> Table:
    """Names with their numbers, below each other."""
    made = Table(title=title, title_justify="left", title_style="bold", show_header=False, box=box.SIMPLE, pad_edge=False)
    made.add_column()
    made.add_column(justify="right")
    for name, number in numbers.items():
        made.add_row(words(name), f"{number:,}")
    return made
