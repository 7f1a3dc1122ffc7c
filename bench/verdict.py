"""How a figure stands to its goal, in words."""

from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

console = Console()


def at_least(figure: float, goal: float) -> str:
    return _judged(f"{figure:.2f}", figure >= goal, f">= {goal:g}")


def at_most(figure: float, goal: float, unit: str) -> str:
    return _judged(f"{figure:,.1f} {unit}", figure <= goal, f"<= {goal:g} {unit}")


def table(title: str, *columns: str) -> Table:
    """An empty table; all columns but the first hold numbers."""
    made = Table(title=title, title_justify="left", title_style="bold")
    for position, column in enumerate(columns):
        made.add_column(column, justify="right" if position else "left")
    return made


def progress() -> Callable[[str], Any]:
    """What tells a person what is going on."""
    return lambda line: console.print(f"[dim]{line}[/dim]", highlight=False)


def notes(*sentences: str) -> None:
    """The conditions of a measurement, below its table."""
    for sentence in sentences:
        console.print(f"[dim]{sentence}[/dim]", highlight=False)


def _judged(figure: str, reached: bool, goal: str) -> str:
    return f"[green]{figure}[/green] (goal {goal})" if reached else f"[red]{figure}[/red] (goal {goal}, not reached)"
