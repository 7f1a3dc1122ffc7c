"""The example for Grafana: every question it asks is answered, and every field that it shows is in the answers."""

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from httpx import AsyncClient

from tests.unit.project.layout import ROOT
from tests.unit.web.conftest import SEQUENCE

DASHBOARD: dict[str, Any] = json.loads((ROOT / "docs" / "grafana" / "tally.json").read_text(encoding="utf-8"))
INFINITY = "yesoreyeram-infinity-datasource"
PLACEHOLDERS = {
    "${__timeFrom:date:YYYY-MM-DD}": "2026-03-24",
    "${__timeTo:date:YYYY-MM-DD}": "2026-09-21",
    "${sequence:percentencode}": SEQUENCE,
}
PATH = re.compile(r"[a-z_]+(\.[a-z_]+)*")
"""What the parser of the plug-in takes as the way to a field."""
TYPES: dict[str, tuple[type, ...]] = {"number": (int, float), "string": (str,), "timestamp": (str,)}


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def queries() -> Iterator[tuple[str, dict[str, Any]]]:
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield f"variable {variable['name']}", variable["query"]["infinityQuery"]
    for panel in panels():
        for target in panel["targets"]:
            yield f"panel {panel['id']}: {panel['title']}", target


QUERIES = dict(queries())


def filled(text: str) -> str:
    for placeholder, value in PLACEHOLDERS.items():
        text = text.replace(placeholder, value)
    assert "$" not in text, f"nothing fills {text!r}"
    return text


def found(answer: Any, path: str) -> Any:
    """As the plug-in finds it. Raises `KeyError` for a field that is not there."""
    for name in path.split(".") if path else ():
        answer = answer[name]
    return answer


@pytest.mark.parametrize("name", QUERIES)
async def test_every_question_is_answered_with_the_fields_that_are_shown(client: AsyncClient, name: str) -> None:
    query = QUERIES[name]
    assert (query["type"], query["parser"], query["source"], query["format"]) == ("json", "backend", "url", "table")
    assert query["url"].startswith("/v1/"), "the data source names the server"
    assert query["url_options"]["method"] == "GET"
    parameters = {str(one["key"]): filled(one["value"]) for one in query["url_options"]["params"]}
    answer = await client.get(filled(query["url"]), params=parameters)
    assert answer.status_code == 200, answer.text

    assert not query["root_selector"] or PATH.fullmatch(query["root_selector"])
    rows = found(answer.json(), query["root_selector"])
    rows = rows if isinstance(rows, list) else [rows]
    assert rows
    texts = [column["text"] for column in query["columns"]]
    assert len(set(texts)) == len(texts) > 0
    for column in query["columns"]:
        assert PATH.fullmatch(column["selector"])
        values = [value for row in rows if (value := found(row, column["selector"])) is not None]
        assert values, f"{column['selector']} is null everywhere"
        assert {type(value) for value in values} <= {*TYPES[column["type"]]}
        if column["type"] == "timestamp":
            assert column["timestampFormat"] == "2006-01-02", "the form of a date, as Go writes it"
            assert all(date.fromisoformat(value) for value in values)


async def test_a_mistyped_field_is_noticed(client: AsyncClient) -> None:
    with pytest.raises(KeyError):
        found((await client.get("/v1/analyze")).json(), "rates.opened.value")


def test_what_is_set_for_a_column_is_about_a_column_that_is_there() -> None:
    for panel in panels():
        shown = {column["text"] for target in panel["targets"] for column in target["columns"]}
        named = [override["matcher"] for override in panel["fieldConfig"]["overrides"]]
        assert {matcher["id"] for matcher in named} <= {"byName"}
        assert {matcher["options"] for matcher in named} <= shown, panel["title"]


def test_rates_are_shown_as_per_cent_and_nothing_else_is() -> None:
    for panel in panels():
        fields = panel["fieldConfig"]
        units = {one["matcher"]["options"]: {p["id"]: p["value"] for p in one["properties"]}.get("unit") for one in fields["overrides"]}
        for target in panel["targets"]:
            for column in target["columns"]:
                unit = units.get(column["text"], fields["defaults"].get("unit"))
                assert (unit == "percentunit") == column["selector"].endswith(".value"), (panel["title"], column["text"])


def test_every_panel_asks_the_data_source_that_is_chosen_above_and_is_explained() -> None:
    chosen = {"type": INFINITY, "uid": "${source}"}
    (source,) = (one for one in DASHBOARD["templating"]["list"] if one["type"] == "datasource")
    assert (source["name"], source["query"]) == ("source", INFINITY)
    assert [query["datasource"] for query in QUERIES.values()] == [chosen] * len(QUERIES)
    assert [panel["title"] for panel in panels() if panel["datasource"] != chosen or not panel["description"]] == []
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_panels_do_not_overlap_and_stay_within_the_width() -> None:
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
