"""Counters and rows say the same, and filters let through what plain Python lets through.

The tables are written by hand from random enrollments that need not make sense together: only the arithmetic is at stake here.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
from hypothesis import given

from projections.definitions import Definition, Step
from projections.meaning import FLAGS, MESSAGE_FACTS, OUTCOMES, REASONS, STEP_FACTS, TOTALS
from projections.reports import report
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from tests.unit.projections.reports.tables_by_hand import ACCOUNT, Enrolled, fill

SEQUENCES = ("s-1", "s-2", "s:3")
STEPS = ("st-1", "st-2", "st:3")
FIRST = datetime(2026, 3, 28, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "America/New_York")
CATALOGUE = {
    "s-1": Definition(2, 5, "One", "u-1", None, [Step("st-2", 1, "call", "Two"), Step("st-1", 2, "todo", "One")], 1_000),
    "s-2": Definition(),
    "s:3": Definition(1, 5, "Three", None, 999, [], 5, archived=True),
    "s-4": Definition(1, 5, "Nobody", None, None, [], 1_500),
}
SUBJECTS = st.sampled_from(["s-1", "s-2", "s-1", "s:3", "s-4"])
WAYS = [{"basis": [basis], "opens": [opens]} for basis in ("contacts", "enrollments", "messages") for opens in ("human", "all")]
"""Everything that an answer can be made of, asked of each example: examples are dear and answers are cheap."""


def some(values: tuple[str, ...]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values))


def optional(*values: str) -> st.SearchStrategy[str | None]:
    return st.sampled_from([None, *values])


@st.composite
def enrollments(draw: Any) -> Enrolled:
    status = draw(st.sampled_from(["orphan", "scheduled", "canceled", *["active", "paused", "finished", "unenrolled", "errored"] * 2]))
    number = draw(st.integers(0, 3))
    named = Enrolled(
        # A contact is always of one partition.
        contact=f"c-{number}",
        partition=number % 3,
        sequence=draw(st.sampled_from(SEQUENCES)),
        status=status,
        enrolled_by=draw(optional("u-1", "u-2", "u-3")),
        team=draw(optional("t-1", "t-2")),
        company=draw(optional("co-1", "co-2", "u-1")),
        variant=draw(optional("A", "B")),
    )
    if not named.started:
        return named
    sent = st.sampled_from([("sent",), ("delivered",), ("sent", "delivered"), ()])
    messages = {
        message: draw(some(MESSAGE_FACTS)) | frozenset(draw(sent))
        for message in draw(st.sets(st.sampled_from(["m-1", "m-2", "m-3"]), max_size=3))
    }
    by_step = some(tuple(messages)) if messages else st.just(frozenset())
    return replace(
        named,
        reason=draw(st.sampled_from(REASONS[1:])) if status == "unenrolled" else "",
        outcome=status if status in ("active", "paused") else draw(st.sampled_from(OUTCOMES[2:])),
        flags=draw(some(FLAGS)),
        step=draw(optional(*STEPS)),
        started_at=int((FIRST + timedelta(minutes=draw(st.integers(0, 4 * 24 * 60)))).timestamp() * 1000),
        totals=draw(st.dictionaries(st.sampled_from(TOTALS), st.integers(0, 9), max_size=5)),
        messages=messages,
        steps={
            step: (draw(some(STEP_FACTS)) | {"executed"} if draw(st.booleans()) else draw(some(STEP_FACTS)), draw(by_step))
            for step in draw(st.sets(st.sampled_from(STEPS), max_size=3))
        },
    )


MANY = st.lists(enrollments(), min_size=2, max_size=16)


@st.composite
def filters(draw: Any) -> dict[str, list[str]]:
    choices: dict[str, list[str]] = {
        "sequence": [*SEQUENCES, "s-9"],
        "company": ["co-1", "co-2", "u-1", "nobody"],
        "enrolled_by": ["u-1", "u-2", "nobody"],
        "team": ["t-1", "t-2", "A"],
        "variant": ["A", "B"],
        "status": ["active", "paused", "finished", "unenrolled", "errored", "unenrolled:replied", "unenrolled:manual"],
        "step": [*STEPS, "st-9"],
    }
    names = draw(st.lists(st.sampled_from([*choices, "enrolled_from", "enrolled_to"]), unique=True, max_size=4))
    made = {name: draw(st.lists(st.sampled_from(choices[name]), min_size=1, max_size=3)) for name in names if name in choices}
    days = sorted(draw(st.lists(st.integers(27, 31), min_size=2, max_size=2)))
    made |= {name: [f"2026-03-{day}"] for name, day in zip(("enrolled_from", "enrolled_to"), days, strict=True) if name in names}
    return made


def passes_names(one: Enrolled, asked: dict[str, list[str]]) -> bool:
    return all(getattr(one, name) in asked[name] for name in ("sequence", "company", "enrolled_by", "team", "variant") if name in asked)


def passes(one: Enrolled, asked: dict[str, list[str]], zone: str) -> bool:
    if not passes_names(one, asked):
        return False
    if not one.started:
        return True
    if "status" in asked and not {one.status, f"{one.status}:{one.reason}"} & set(asked["status"]):
        return False
    if "step" in asked and one.step not in asked["step"]:
        return False
    day = datetime.fromtimestamp(one.started_at / 1000, ZoneInfo(zone)).date()
    return (
        date.fromisoformat(asked.get("enrolled_from", ["0001-01-01"])[0])
        <= day
        <= date.fromisoformat(asked.get("enrolled_to", ["9999-12-31"])[0])
    )


def reader_of(some_enrollments: list[Enrolled]) -> Reader:
    store = MemoryStore()
    fill(store, some_enrollments, CATALOGUE)
    return Reader(store)


def answers(reader: Reader, subject: str, parameters: dict[str, list[str]], source: Any = "auto") -> list[dict[str, Any]]:
    """All four reports, without what says how they were asked and when."""
    common = {name: values for name, values in parameters.items() if name != "basis"}
    made = [
        report("performance", reader, account=ACCOUNT, subject=subject, parameters=parameters, source=source),
        report("analyze", reader, account=ACCOUNT, parameters=parameters, source=source),
        report("sequences", reader, account=ACCOUNT, parameters=parameters, source=source),
        report("steps", reader, account=ACCOUNT, subject=subject, parameters=common, source=source),
    ]
    return [{name: value for name, value in one.model_dump().items() if name not in ("filters", "as_of")} for one in made]


@given(MANY, SUBJECTS)
def test_counters_and_rows_say_the_same(some_enrollments: list[Enrolled], subject: str) -> None:
    reader = reader_of(some_enrollments)
    for way in WAYS:
        assert answers(reader, subject, way, "auto") == answers(reader, subject, way, "rows")


@given(MANY, SUBJECTS, st.lists(filters(), min_size=1, max_size=4), st.sampled_from(ZONES))
def test_filters_leave_what_plain_python_leaves(
    some_enrollments: list[Enrolled], subject: str, several: list[dict[str, list[str]]], zone: str
) -> None:
    reader = reader_of(some_enrollments)
    for asked in several:
        left = reader_of([one for one in some_enrollments if passes(one, asked, zone)])
        for way in WAYS:
            assert answers(left, subject, way) == answers(reader, subject, way | asked | {"time_zone": [zone]})
