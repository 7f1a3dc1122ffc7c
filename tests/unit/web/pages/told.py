"""What the API says to a question, and how pages write it."""

import csv
from typing import Any, Final

from httpx import AsyncClient

from tests.stories import event
from tests.unit.web.conftest import SEQUENCE
from tests.unit.web.pages.markup import Element
from web.pages import formats

HOSTILE: Final = "\"><script>alert(1)</script>'/"
ABOUT_ONE: Final = ("funnel", "steps")
"""Reports about one sequence."""


def written(value: Any) -> str:
    """A number or a rate of the JSON, as a cell has it."""
    if value is None:
        return "–"
    if isinstance(value, dict):
        return f"{formats.percent(value['value'])} {formats.number(value['numerator'])} / {formats.number(value['denominator'])}"
    return formats.number(value)


def at(record: Any, path: str) -> Any:
    for name in path.split("."):
        record = record[name]
    return record


async def told(client: AsyncClient, path: str, query: str = "") -> Any:
    answer = await client.get(f"{path}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def numbers_in(client: AsyncClient, path: str) -> list[str]:
    """The numbers in a file of CSV with one line, as pages write them."""
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8"), answer.text
    (line,) = csv.DictReader(answer.text.removeprefix("\ufeff").splitlines())
    return [formats.number(int(value)) for value in line.values()]


def address(name: str) -> str:
    """Where the API has a report."""
    return f"/v1/sequences/{SEQUENCE}/{name}" if name in ABOUT_ONE else "/v1/sequences" if name == "sequences" else f"/v1/reports/{name}"


def table(found: Element, identity: str) -> Element:
    """The table of a drawing, which is a figure or a section."""
    places = [
        one for one in found.walk() if one.attributes.get("aria-labelledby") == f"{identity}-title" and one.tag in ("figure", "section")
    ]
    (place,) = places
    return place.one("table")


def hostile_story() -> list[dict[str, Any]]:
    """A contact of whom everything has a hostile name."""
    named = {"contact_id": HOSTILE, "enrollment_id": HOSTILE, "sequence_id": HOSTILE}
    steps = [{"step_id": HOSTILE, "order": 1, "kind": "call", "name": HOSTILE}]
    return [
        event("sequence.defined", "07:00", sequence_id=HOSTILE, name=HOSTILE, version=1, steps=steps, owner_id=HOSTILE),
        event("enrollment.started", "09:00", **named, enrolled_by=HOSTILE, company_id=HOSTILE, team_id=HOSTILE, variant=HOSTILE),
        event("email.sent", "09:01", **named, message_id=HOSTILE, step_id=HOSTILE),
        event("email.clicked", "10:00", contact_id=HOSTILE, message_id=HOSTILE),
        event("email.replied", "11:00", contact_id=HOSTILE, message_id=HOSTILE),
        event("contact.updated", "08:00", contact_id=HOSTILE, name=HOSTILE, company_name=HOSTILE),
    ]
