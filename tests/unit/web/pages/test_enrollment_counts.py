"""Every number that leads to a list of enrollments is that of the list."""

import pytest
from httpx import AsyncClient

from tests.unit.web.conftest import SEQUENCE
from tests.unit.web.pages.enrollment_lists import PATH, QUERIES, step_names, total
from tests.unit.web.pages.markup import Element, page
from web.pages import behind

STATUSES = ("active", "paused", "finished", "unenrolled", "errored")
KINDS = ("executed", "skipped", "open", "click", "reply", "meeting", "bounce")


def rail(found: Element) -> list[tuple[str, int, str, bool]]:
    """(label, number, link, whether it is current) of every number."""
    return [
        (link.all("span")[0].text, int(link.one("data")["value"]), link["href"], "aria-current" in link.attributes)
        for link in found.one("nav", aria_label="By status").all("a")
    ]


@pytest.mark.parametrize("query", QUERIES)
async def test_every_number_of_the_rail_is_that_of_the_list_it_leads_to(client: AsyncClient, query: str) -> None:
    counts = rail(await page(client, PATH + query))
    labels = [label for label, *_ in counts]
    assert labels[0] == "All"
    assert [label.lower() for label in labels if label.lower() in (*STATUSES, "scheduled", "canceled")] == [
        *STATUSES,
        "scheduled",
        "canceled",
    ]
    assert sum(number for label, number, *_ in counts if label.lower() in STATUSES) == counts[0][1]
    for label, number, href, _ in counts:
        assert "cursor" not in href
        assert total(await page(client, PATH + href))[0] == number, label
    assert [label for label, *_, current in counts if current] == {
        "": ["All"],
        "?status=active": ["Active"],
        QUERIES[2]: ["Scheduled", "Canceled"],
        QUERIES[3]: ["Finished", "Replied"],
        QUERIES[4]: ["All"],
        QUERIES[5]: ["Unenrolled"],
    }[query]


async def test_reasons_add_up_to_the_unenrolled(client: AsyncClient) -> None:
    found = await page(client, PATH)
    (unenrolled,) = [item for item in found.one("nav", aria_label="By status").all("li") if item.all("ul")]
    whole, *parts = [int(link.one("data")["value"]) for link in unenrolled.all("a")]
    assert whole == sum(parts) > 0
    assert len(parts) > 2


@pytest.mark.parametrize("opens", ["", "opens=all"])
async def test_behind_every_cell_of_the_steps_is_the_list_that_it_counts(client: AsyncClient, opens: str) -> None:
    steps = (await client.get(f"/v1/sequences/{SEQUENCE}/steps?{opens}")).json()
    given = {"opens": ["all"], "limit": ["1"]} if opens else {"limit": ["1"]}
    assert total(await page(client, behind.scheduled(SEQUENCE, given)))[0] == steps["scheduled"]
    for status in STATUSES:
        assert total(await page(client, str(behind.in_status(SEQUENCE, given, None, status))))[0] == steps["no_step"][status]
    for step in steps["steps"]:
        for status in STATUSES:
            href = str(behind.in_status(SEQUENCE, given, step["step_id"], status))
            assert total(await page(client, href))[0] == step["status"][status], href
        for kind in KINDS:
            count = step[kind] if kind in step else step["rates"][kind]["numerator"]
            href = behind.cell(SEQUENCE, given, kind, step["step_id"])
            assert total(await page(client, href))[1] == count, href


async def test_what_the_list_is_behind_is_a_chip_that_can_be_removed(client: AsyncClient) -> None:
    steps = await step_names(client)
    for cell, words in (
        ("open:spring-intro", f"Behind: opened at {steps['spring-intro']}"),
        ("executed:spring-call", f"Behind: executed {steps['spring-call']}"),
        ("no_step", "Behind: no step yet"),
    ):
        found = await page(client, f"{PATH}?team=team-north&cell={cell}&status=active&status=unenrolled:replied&step=spring-call")
        chips = found.one("ul", aria_label="Filters that are set").all("a")
        assert [chip.text.removesuffix(" ×") for chip in chips] == [
            words,
            "Team: team-north",
            "Status: Active",
            "Status: Unenrolled: replied",
            f"Current step: {steps['spring-call']}",
            "Remove all",
        ]
        assert chips[0]["href"] == "?team=team-north&status=active&status=unenrolled%3Areplied&step=spring-call"
        assert chips[-1]["href"] == "?"
        assert ("cell", cell) in [
            (field["name"], field["value"]) for field in found.one("form", data_filters="").all("input", type="hidden")
        ]
        assert found.all("div", aria_label="Opens and clicks of")
    assert not (await page(client, PATH)).all("div", aria_label="Opens and clicks of")
