"""The page Enrollments as its tests ask for it, and what it says of its list."""

import re
from typing import Any

from httpx import AsyncClient

from tests.unit.web.conftest import SEQUENCE
from tests.unit.web.pages.markup import Element

PATH = f"/enrollments/{SEQUENCE}"
QUERIES = [
    "",
    "?status=active",
    "?status=scheduled&status=canceled",
    "?status=unenrolled:replied&status=finished&enrolled_from=2026-05-01&time_zone=Europe%2FBerlin",
    "?cell=open:spring-intro&opens=all&variant=A",
    "?step=spring-intro&status=unenrolled&limit=2",
]


async def told(client: AsyncClient, query: str) -> Any:
    """What the API says to the query of the page."""
    answer = await client.get(f"/v1/enrollments?sequence={SEQUENCE}&{query.partition('?')[2]}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def step_names(client: AsyncClient) -> dict[str, str]:
    steps = (await client.get(f"/v1/sequences/{SEQUENCE}/steps")).json()["steps"]
    return {step["step_id"]: f"{step['order']}. {step['name']}" if step["order"] else step["step_id"] for step in steps}


def total(found: Element) -> tuple[int, int]:
    """(enrollments, contacts) that the page says there are."""
    if not found.all("table", class_="listed"):
        return 0, 0
    said = found.one("div", class_="below").all("span")[0].text.replace("\u202f", "")
    enrollments, contacts = re.fullmatch(r"\d+ of (\d+) enrollments?, (\d+) contacts?", said).groups()  # type: ignore[union-attr]
    return int(enrollments), int(contacts)
