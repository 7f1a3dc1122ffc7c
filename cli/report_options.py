"""The options of `tally report`, and the part of its help that the reports themselves tell."""

import inspect
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    from projections.reports import Parameter

_CHOSEN: Final = "the options of the reports"
_EVERY: Final = "Of every report"
_SOME: Final = "Of the reports named"
_LISTED_CHOICES: Final = 12
"""Up to so many choices are told in the help; a wrong value is answered with all of them."""
_METAVARS: Final = {
    "enrolled_from": "DATE",
    "enrolled_to": "DATE",
    "time_zone": "ZONE",
    "limit": "NUMBER",
    "sort": "COLUMN",
    "by": "DIMENSION",
    "week_start": "DAY",
    "baseline": "ID",
    **dict.fromkeys(("sequence", "company", "enrolled_by", "team", "variant", "step"), "ID"),
}


class ReportCommand(TyperCommand):
    """`tally report` with all that reports can be asked with. The reports are heavy, so they are imported when the command is called and
    not when it is listed."""

    def get_params(self, ctx: Any) -> list[Any]:
        return [*super().get_params(ctx), *_options()]

    def invoke(self, ctx: Any) -> Any:
        # The function behind the command declares what does not depend on the reports, and takes nothing else.
        ctx.meta[_CHOSEN] = {option.name: ctx.params.pop(option.name) for option in _options()}
        return super().invoke(ctx)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        super().format_help(ctx, formatter)
        _print_reports()


def chosen(context: typer.Context) -> dict[str, list[str]]:
    """What the reports' options were given in this call: parameter -> values."""
    given: Mapping[str, str | list[str] | None] = context.meta[_CHOSEN]
    return {name: [value] if isinstance(value, str) else value for name, value in given.items() if value is not None}


@cache
def _options() -> tuple[Any, ...]:
    """One option for each name that a parameter of a report has."""
    from projections.reports import REPORTS

    meanings: dict[str, dict[Parameter, list[str]]] = {}
    for report in REPORTS.values():
        for parameter in report.parameters:
            meanings.setdefault(parameter.name, {}).setdefault(parameter, []).append(report.name)
    annotations = {name: _option(name, reports_of, everywhere=len(REPORTS)) for name, reports_of in meanings.items()}

    def declared() -> None:
        """What typer makes the options from."""

    declared.__annotations__ = annotations
    keyword = inspect.Parameter.KEYWORD_ONLY
    signature = inspect.Signature([inspect.Parameter(name, keyword, default=None, annotation=one) for name, one in annotations.items()])
    declared.__signature__ = signature  # type: ignore[attr-defined]
    app = typer.Typer(add_completion=False)
    app.command()(declared)
    return tuple(typer.main.get_command(app).params)


def _option(name: str, reports_of: "Mapping[Parameter, list[str]]", *, everywhere: int) -> Any:
    """`reports_of`: each meaning of the name, with the reports in which it means that."""
    common = sum(map(len, reports_of.values())) == everywhere
    texts: dict[str, list[str]] = {}
    for parameter, reports in reports_of.items():
        texts.setdefault(_meaning(parameter), []).extend(reports)
    told = " ".join(text if common else f"{text} ({', '.join(reports)})" for text, reports in texts.items())
    panel = _EVERY if common else _SOME
    option = typer.Option(metavar=_METAVARS.get(name, name.upper()), help=told, show_envvar=False, rich_help_panel=panel)
    repeatable = any(parameter.repeatable for parameter in reports_of)
    return Annotated[list[str] | None if repeatable else str | None, option]


def _meaning(parameter: "Parameter") -> str:
    """What a parameter means, with its choices if they are few or if several are given at once."""
    choices = [f"{choice} (default)" if choice == parameter.default else choice for choice in parameter.choices]
    if choices and (parameter.listed or len(choices) <= _LISTED_CHOICES):
        return f"{parameter.description.rstrip('.')}: {', '.join(choices)}."
    return parameter.description


def _print_reports() -> None:
    from rich.panel import Panel
    from rich.table import Table

    from cli.console import stdout
    from projections.reports import REPORTS

    table = Table.grid(padding=(0, 2))
    for report in REPORTS.values():
        subject = "" if report.subject is None else f"{report.subject.upper()}_ID"
        table.add_row(report.name, subject, report.description)
    table.columns[0].style = "bold cyan"
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    stdout().print(Panel(table, title="Reports", title_align="left", border_style="dim"))
