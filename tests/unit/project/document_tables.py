"""The tables of the documents that are made from the code: settings, event types, parameters of the reports.

A table stands between `<!-- table: NAME -->` and `<!-- end of table -->`. `python -m tests.unit.project.document_tables` writes them anew.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from events.catalog import CATALOG, EventData
from events.settings import LogSettings
from projections.reports import REPORTS, Parameter
from projections.settings import RedisSettings
from streams.metrics import Metric
from streams.settings import WorkerSettings
from tests.plugins.documents import documents
from web.reports import path_of
from web.settings import WebSettings

_TABLE: Final = re.compile(r"(?P<begin><!-- table: (?P<name>[a-z ]+) -->\n)(?P<table>.*?)(?P<end><!-- end of table -->)", re.DOTALL)

SETTINGS: Final[tuple[type[BaseSettings], ...]] = (LogSettings, RedisSettings, WorkerSettings, WebSettings)

_NAMED_IN_VAIN: Final = ("meeting.canceled", "engagement.reclassified", "contact.updated", "contact.erased")
"""Types that may name an enrollment, as every event of a contact may, but to no effect; so their tables do not list it."""


def tables_in(document: Path) -> list[tuple[str, str]]:
    """(name, text) of every marked table."""
    return [(found["name"], found["table"]) for found in _TABLE.finditer(document.read_text(encoding="utf-8"))]


def settings_of(*classes: type[BaseSettings]) -> str:
    """A line for each setting: its environment name, its default, what it means."""
    return _table(
        ("setting", "default", "meaning"),
        (
            (f"`{settings.model_config.get('env_prefix', '')}{name}`".upper(), _default(field), _meaning(field))
            for settings in classes
            for name, field in settings.model_fields.items()
        ),
    )


def _default(field: FieldInfo) -> str:
    value = field.default
    assert value is not PydanticUndefined, "every setting has a default, so that Tally starts with none set"
    return "" if value is None else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _meaning(field: FieldInfo) -> str:
    description = field.description or ""
    first_word = description.partition(" ")[0]
    told = [description if "://" in first_word else description[:1].upper() + description[1:]]
    choices = _choices(field.annotation)
    if choices:
        told.append("one of " + ", ".join(f"`{choice}`" for choice in choices))
    lowest = next((str(bound.ge) for bound in field.metadata if isinstance(bound, Ge)), None)
    above = next((str(bound.gt) for bound in field.metadata if isinstance(bound, Gt)), None)
    highest = next((str(bound.le) for bound in field.metadata if isinstance(bound, Le)), None)
    if lowest is not None:
        told.append(f"{lowest} to {highest}" if highest is not None else f"at least {lowest}")
    elif above is not None:
        told.append(f"above {above}")
    return "; ".join(told)


def _choices(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return next((_choices(part) for part in get_args(annotation) if _choices(part)), ())


def event_types() -> str:
    """A line for each event type: its topic, what it says, its fields."""
    lines = []
    before = ""
    for name, model in CATALOG.items():
        topic, before = ("" if model.topic == before else f"`{model.topic}`"), model.topic
        lines.append((topic, f"`{name}`", _first_line(model), _fields(model, required=True), _fields(model, required=False)))
    return _table(("topic", "type", "what has happened", "required in `data`", "optional"), lines)


def _first_line(model: type[EventData]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0].rstrip(".")


def _fields(model: type[EventData], *, required: bool) -> str:
    hidden = ("enrollment_id", "sequence_id") if model.type in _NAMED_IN_VAIN else ()
    return ", ".join(f"`{name}`" for name, field in model.model_fields.items() if field.is_required() is required and name not in hidden)


def report_parameters() -> str:
    """A line for each option and each of its meanings: the reports in which it means that."""
    reports: dict[str, dict[tuple[str, str], list[str]]] = {}
    for report in REPORTS.values():
        for parameter in report.parameters:
            meaning = _told(parameter), "yes" if parameter.repeatable else ""
            reports.setdefault(parameter.name, {}).setdefault(meaning, []).append(report.name)
    return _table(
        ("option", "meaning", "repeatable", "reports"),
        (
            (f"`--{name.replace('_', '-')}`", *meaning, "all" if len(having) == len(REPORTS) else ", ".join(having))
            for name, meanings in reports.items()
            for meaning, having in meanings.items()
        ),
    )


def _told(parameter: Parameter) -> str:
    told = parameter.description
    if 0 < len(parameter.choices) <= 3:
        told += " " + ", ".join(f"`{choice}`" for choice in parameter.choices)
        told += f"; default `{parameter.default}`" if parameter.default else ""
    return told


def reports() -> str:
    """A line for each report: how it is called, and what it says."""
    return _table(
        ("report", "what it says"),
        (
            (f"`tally report {report.name}{'' if report.subject is None else f' {report.subject.upper()}_ID'}`", report.description)
            for report in REPORTS.values()
        ),
    )


def report_paths() -> str:
    """A line for each report: where it is over HTTP."""
    return _table(("report", "path"), ((f"`{report.name}`", f"`{path_of(report)}`") for report in REPORTS.values()))


def _table(head: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    columns = list(head)
    rows = [columns, ["---"] * len(columns), *(list(line) for line in lines)]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in rows)


def metrics() -> str:
    """A line for each metric of a worker."""
    return _table(
        ("metric", "kind", "meaning", "when it looks wrong"),
        (
            (" ".join(f"`{word}`" for word in (told.name, *told.labels)), told.kind, told.meaning, told.remedy)
            for told in (metric.described for metric in Metric)
        ),
    )


TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "settings of the log": lambda: settings_of(LogSettings),
    "settings of redis": lambda: settings_of(RedisSettings),
    "settings of the worker": lambda: settings_of(WorkerSettings),
    "settings of the web": lambda: settings_of(WebSettings),
    "metrics": metrics,
    "event types": event_types,
    "reports": reports,
    "report parameters": report_parameters,
    "report paths": report_paths,
}


def write() -> None:
    """Put the tables as they are now into the documents."""
    for document in documents():
        text = document.read_text(encoding="utf-8")
        document.write_text(_TABLE.sub(lambda found: found["begin"] + TABLES[found["name"]]() + found["end"], text), encoding="utf-8")


if __name__ == "__main__":
    write()
