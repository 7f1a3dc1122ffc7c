"""Lists of enrollments: behind every number of `steps` there is the list that it says, and pages lose and repeat nothing."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from events.rfc3339 import parse_time
from projections.reports import report
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from tests.arrivals import Arrivals
from tests.folding import folded
from tests.strategies.calls import filters_for
from tests.strategies.histories import histories

Event = dict[str, Any]
STATUSES = ("active", "paused", "finished", "unenrolled", "errored")
RATES = ("open", "click", "reply", "meeting", "bounce")
CALENDAR = ("enrolled_from", "enrolled_to")
LISTS = ("enrollments", "contacts")
IDS = ("sequence_id", "enrollment_id", "contact_id")


def asked(reader: Reader, name: str, subject: str | None = None, **given: Any) -> dict[str, Any]:
    parameters = {one: value if isinstance(value, list) else [str(value)] for one, value in given.items()}
    return report(name, reader, account="default", subject=subject, parameters=parameters).model_dump()


def sequences_of(events: list[Event]) -> list[str]:
    own = [event["data"] for event in events if (event.get("account") or "default") == "default"]
    return sorted({data["sequence_id"] for data in own if data.get("sequence_id") is not None})


@given(histories(), st.data())
def test_behind_every_cell_of_steps_is_the_list_that_it_counts(events: list[Event], data: st.DataObject) -> None:
    reader = Reader(folded(events))
    drawn = data.draw(filters_for(events))
    common = {"opens": drawn["opens"], "time_zone": drawn["time_zone"]}
    for sequence in sequences_of(events):
        filters = drawn["filters"] | {"sequence": [sequence]}
        answer = asked(reader, "steps", sequence, **filters, **common)
        named = {name: values for name, values in filters.items() if name not in ("status", "step", *CALENDAR)}
        # Neither of the other filters is one of enrollments that have not started.
        assert asked(reader, "enrollments", **named, **common, status="scheduled")["total"] == answer["scheduled"]
        for status in STATUSES:
            within = filters | {"status": narrowed(filters.get("status"), status)}
            assert total(reader, **within, **common, cell="no_step") == answer["no_step"][status]
            for step in answer["steps"]:
                at_step = narrowed(filters.get("step"), step["step_id"])
                assert total(reader, **(within | {"step": at_step}), **common) == step["status"][status]
        for step in answer["steps"]:
            counted = {"executed": step["executed"], "skipped": step["skipped"]}
            counted |= {rate: step["rates"][rate]["numerator"] for rate in RATES}
            behind = {kind: asked(reader, "enrollments", **filters, **common, cell=f"{kind}:{step['step_id']}") for kind in counted}
            assert {kind: found["contacts"] for kind, found in behind.items()} == counted
            for found in behind.values():
                assert len({row["contact_id"] for row in found["enrollments"]}) == found["contacts"]


@given(histories(), st.data())
def test_the_numbers_beside_a_list_say_how_long_each_list_would_be(events: list[Event], data: st.DataObject) -> None:
    reader = Reader(folded(events))
    drawn = data.draw(filters_for(events, not_started=True))
    common = {"opens": drawn["opens"], "time_zone": drawn["time_zone"]}
    for sequence in sequences_of(events):
        steps = asked(reader, "steps", sequence)["steps"]
        cells = ["no_step", *(f"{kind}:{step['step_id']}" for kind in ("executed", *RATES) for step in steps)]
        cell = data.draw(st.sampled_from([{}, *({"cell": one} for one in cells)]))
        filters = {name: values for name, values in drawn["filters"].items() if name != "status"} | {"sequence": [sequence], **cell}
        answer = asked(reader, "enrollments", **filters, **common, status=drawn["filters"].get("status", []))
        reasons = {f"unenrolled:{reason}": number for reason, number in answer["reasons"].items()}
        numbers = {**answer["statuses"], **reasons}
        everybody = asked(reader, "enrollments", **filters, **common, status=[*answer["statuses"]], limit=1000)["enrollments"]
        listed = Counter(named for row in everybody for named in (row["status"], f"{row['status']}:{row['reason']}"))
        assert numbers == {named: listed[named] for named in numbers}
        # Of contacts that executed a step in scope: a scope of one status may not have the enrollment in which they did.
        narrows = str(cell.get("cell", "")).partition(":")[0] in RATES
        for status, number in numbers.items():
            alone = total(reader, **filters, **common, status=[status])
            assert alone == number or (narrows and alone < number), status
        assert sum(reasons.values()) == answer["statuses"]["unenrolled"]


def narrowed(values: list[str] | None, value: str) -> list[str]:
    """What is left of a filter where one of its values is asked for; a reason is a part of its status."""
    return [value] if values is None else [one for one in values if one.partition(":")[0] == value]


def total(reader: Reader, **given: Any) -> int:
    """How many enrollments are listed; none where a filter was narrowed down to nothing."""
    return 0 if [] in given.values() else int(asked(reader, "enrollments", **given)["total"])


@pytest.mark.parametrize("name", LISTS)
@given(events=histories(most=40), data=st.data(), limit=st.integers(1, 2))
def test_what_keeps_its_place_while_events_come_in_is_on_one_page_once(
    name: str, events: list[Event], data: st.DataObject, limit: int
) -> None:
    drawn = data.draw(filters_for(events, not_started=name == "enrollments"))
    filters = data.draw(st.sampled_from([{}, drawn["filters"]]))
    asking = {**filters, "time_zone": drawn["time_zone"], "opens": drawn["opens"]}
    ends = sorted(data.draw(st.lists(st.integers(len(events) // 3, len(events)), min_size=1, max_size=6)))
    store = MemoryStore()
    arrivals, reader = Arrivals(events, store), Reader(store)
    stable: dict[tuple[str, ...], Any] | None = None
    shown: list[dict[str, Any]] = []
    for end, cursor, page in pages(reader, name, asking, limit, arrivals, ends):
        everything = asked(Reader(store), name, **asking, limit=1000)[name]
        ranks = {tuple(row[one] for one in IDS): rank(name, row) for row in everything}
        assert page == [row for row in everything if cursor is None or rank(name, row) > cursor][:limit], end
        stable = ranks if stable is None else {ids: held for ids, held in stable.items() if ranks.get(ids) == held}
        shown += page
    times = Counter(tuple(row[one] for one in IDS) for row in shown)
    assert {ids: times[ids] for ids in stable or ()} == dict.fromkeys(stable or (), 1)


def pages(
    reader: Reader, name: str, asking: dict[str, Any], limit: int, arrivals: Arrivals, ends: list[int]
) -> Iterator[tuple[int, Any, list[dict[str, Any]]]]:
    """(events committed, the rank after which the page begins, its rows) of page after page, with a commit before each."""
    last: Any = None
    following: dict[str, Any] = {}
    waiting = iter(ends)
    end = 0
    while True:
        end = next(waiting, end)
        arrivals.up_to(end)
        answer = asked(reader, name, **asking, limit=limit, **following)
        yield end, last, answer[name]
        if answer["next"] is None:
            return
        last, following = rank(name, answer[name][-1]), {"cursor": answer["next"]}


def rank(name: str, row: dict[str, Any]) -> tuple[Any, ...]:
    """Ascending in the order of the list: descending numbers and times, none last, then the ids."""
    ids = (row["enrollment_id"], row["contact_id"], row["sequence_id"])
    time = row["started_at"] if name == "enrollments" else row["last_engaged_at"]
    latest_first = (time is None, 0 if time is None else -parse_time(time))
    return (latest_first, ids) if name == "enrollments" else (-row["clicks"], -row["opens"], latest_first, ids)
