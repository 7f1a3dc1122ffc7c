"""Every link of the pages is made here, so that whatever an id consists of it stays a part of a path or of a query."""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote, urlencode

from projections.reports import REPORTS
from projections.reports.parameters import Given
from web.reports import path_of

Change = str | Sequence[str] | None
NOTHING: Final[Given] = {}


def changed(given: Given, **changes: Change) -> dict[str, list[str]]:
    """Parameters with some of them set to other values, or (None, or no values) taken away."""
    found = {name: list(values) for name, values in given.items()}
    for name, change in changes.items():
        values = [change] if isinstance(change, str) else list(change or ())
        found.pop(name, None)
        if values:
            found[name] = values
    return found


def query(given: Given = NOTHING, **changes: Change) -> str:
    """`?a=b`, or "" for none."""
    text = urlencode(changed(given, **changes), doseq=True)
    return f"?{text}" if text else ""


def same(given: Given, **changes: Change) -> str:
    """The same page with other parameters."""
    return query(given, **changes) or "?"


def without(given: Given, name: str, value: str) -> str:
    """The same page without one of the values of a parameter."""
    return same(given, **{name: [one for one in given.get(name, ()) if one != value]})


def sequences(given: Given = NOTHING, **changes: Change) -> str:
    return f"/sequences{query(given, **changes)}"


def performance(sequence_id: str, given: Given = NOTHING, **changes: Change) -> str:
    return f"/performance/{part(sequence_id)}{query(given, **changes)}"


def enrollments(sequence_id: str, given: Given = NOTHING, **changes: Change) -> str:
    return f"/enrollments/{part(sequence_id)}{query(given, **changes)}"


def analyze(given: Given = NOTHING, **changes: Change) -> str:
    return f"/analyze{query(given, **changes)}"


def report(name: str, given: Given = NOTHING, **changes: Change) -> str:
    """The page of a report of the library."""
    return f"/reports/{part(name)}{query(given, **changes)}"


def dashboards(given: Given = NOTHING, **changes: Change) -> str:
    return f"/dashboards{query(given, **changes)}"


def dashboard(dashboard_id: str, given: Given = NOTHING, **changes: Change) -> str:
    return f"/dashboards/{part(dashboard_id)}{query(given, **changes)}"


def new_card(name: str, subject: str | None = None, given: Given = NOTHING) -> str:
    """Where a report with these parameters is put on a dashboard. What it is about is one of them there, such as `sequence_id`."""
    about = {} if subject is None else {f"{REPORTS[name].subject}_id": subject}
    known = {parameter.name for parameter in REPORTS[name].parameters} - {"cursor"}
    return new_card_of({"report": [name], **{one: values for one, values in given.items() if one in known}}, **about)


def new_card_of(given: Given = NOTHING, **changes: Change) -> str:
    """The same for parameters of which `report` is one, as may be `dashboard`; without a report it is chosen there."""
    return f"/dashboards/add{query(given, **changes)}"


def contact(contact_id: str) -> str:
    return f"/contacts/{part(contact_id)}"


def company(company_id: str, given: Given = NOTHING, **changes: Change) -> str:
    return f"/companies/{part(company_id)}{query(given, **changes)}"


def login(to: str) -> str:
    """The login page, which leads back to a path with its query."""
    return f"/login{query(next=to)}"


def api(name: str, subject: str | None = None, given: Given = NOTHING, **changes: Change) -> str:
    """A report as programs get it, with those of the parameters that it has (and `format`)."""
    known = {"format", *(parameter.name for parameter in REPORTS[name].parameters)}
    kept = {parameter: values for parameter, values in changed(given, **changes).items() if parameter in known}
    return f"{_path(name, subject)}{query(kept)}"


def csv(name: str, subject: str | None = None, given: Given = NOTHING, **changes: Change) -> str:
    """A report as a file of CSV."""
    return api(name, subject, given, **changes, format="csv")


def _path(name: str, subject: str | None) -> str:
    found = REPORTS[name]
    if found.subject is None or subject is None:
        return path_of(found)
    subjects: Mapping[str, str] = {f"{found.subject}_id": part(subject)}
    return path_of(found).format(**subjects)


def part(text: str) -> str:
    """An id as one part of a path."""
    return quote(text, safe="")
