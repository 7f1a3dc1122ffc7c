"""The JSON of the reports on tables small enough to count by hand."""

import json
from dataclasses import replace
from typing import Any

import pytest

from projections.definitions import Definition, Step
from projections.reports import REPORTS, ask, proportions, report
from projections.reports.errors import MissingLibrary
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from tests.unit.projections.reports.tables_by_hand import ACCOUNT, Enrolled, fill

MARCH = 1_772_445_600_000
CATALOGUE = {
    "s-1": Definition(
        1, 5, "Spring outreach", "u-1", MARCH, [Step("st-2", 2, "call", "Call"), Step("st-1", 1, "automated_email", "Hello")], 5
    ),
    "s-2": Definition(),
    "s-3": Definition(1, 5, "Autumn", None, None, [], MARCH + 250),
}
HEARD = frozenset({"opened", "opened_any", "replied"})
EXECUTED = frozenset({"executed"})
MAILED = frozenset({"sent", "delivered"})
PEOPLE = [
    # c-1 said nothing in one enrollment but answered in the other.
    Enrolled(
        "c-1",
        "s-1",
        status="finished",
        outcome="no_response",
        step="st-1",
        messages={"m-0": MAILED},
        steps={"st-1": (EXECUTED, frozenset({"m-0"}))},
    ),
    Enrolled(
        "c-1",
        "s-1",
        status="unenrolled",
        reason="replied",
        outcome="replied",
        flags=HEARD,
        step="st-2",
        totals={"opens": 3, "replies": 1},
        messages={"m-1": frozenset({"sent", "delivered", "opened", "opened_any", "replied"})},
        steps={"st-1": (frozenset({"opened", "opened_any"}), frozenset()), "st-2": (EXECUTED | {"replied"}, frozenset({"m-1"}))},
    ),
    Enrolled(
        "c-2", "s-1", partition=1, status="finished", outcome="no_response", flags=frozenset({"opened_any"}), totals={"machine_opens": 2}
    ),
    Enrolled("c-3", "s-1", partition=1, status="paused", outcome="paused", step="st-9"),
    Enrolled("c-4", "s-1", partition=2, status="scheduled"),
    Enrolled("c-5", "s-2", partition=2, status="orphan", company="co-1"),
]


@pytest.fixture
def reader() -> Reader:
    store = MemoryStore()
    fill(store, PEOPLE, CATALOGUE)
    return Reader(store)


LISTS = ("enrollments", "contacts", "contact")
"""Reports that show who it is, which these tables do not hold."""

SOURCES = pytest.mark.parametrize("source", ["auto", "rows"])


def asked(reader: Reader, name: str, subject: str | None = None, source: Any = "auto", **parameters: str) -> dict[str, Any]:
    given = {parameter: [value] for parameter, value in parameters.items()}
    answer: dict[str, Any] = json.loads(
        report(name, reader, account=ACCOUNT, subject=subject, parameters=given, source=source).model_dump_json()
    )
    return answer


@SOURCES
def test_performance_has_the_shape_of_the_contract(reader: Reader, source: str) -> None:
    answer = asked(reader, "performance", "s-1", source)
    zero = {"numerator": 0, "denominator": 3, "basis": "contacts", "value": 0.0}
    one = {"numerator": 1, "denominator": 3, "basis": "contacts", "value": 1 / 3}
    expected = {
        "account": "default",
        "sequence_id": "s-1",
        "name": "Spring outreach",
        "filters": {},
        "opens": "human",
        "basis": "contacts",
        "enrollments": {"started": 4, "contacts": 3, "live": 1, "active": 0, "paused": 1, "scheduled": 1, "orphan": 0},
        "rates": {
            "open": one,
            "click": zero,
            "reply": one,
            "reply_to_sequence": zero,
            "meeting": zero,
            "no_response": one,
            "bounce": zero,
            "unsubscribe": zero,
            "complaint": zero,
            "engaged": one,
        },
        "outcomes": {
            "active": 0,
            "paused": 1,
            "meeting": 0,
            "replied": 1,
            "unsubscribed": 0,
            "complained": 0,
            "bounced": 0,
            "errored": 0,
            "company_stop": 0,
            "no_response": 2,
        },
        "totals": {
            "sent": 2,
            "delivered": 2,
            "deferred": 0,
            "dropped": 0,
            "opens": 3,
            "clicks": 0,
            "machine_opens": 2,
            "machine_clicks": 0,
            "replies": 1,
            "auto_replies": 0,
            "late_replies": 0,
            "meetings": 0,
            "meetings_canceled": 0,
            "bounces_hard": 0,
            "bounces_soft": 0,
            "unsubscribes": 0,
            "complaints": 0,
            "tasks_completed": 0,
        },
        "as_of": {"generation": 1, "applied": 46, "lag": None, "time": "2026-03-02T10:00:00.003Z"},
    }
    assert json.dumps(expected) == json.dumps(answer)


@SOURCES
def test_a_contact_who_answered_elsewhere_in_scope_is_not_without_response(reader: Reader, source: str) -> None:
    assert asked(reader, "analyze", source=source)["rates"]["no_response"]["numerator"] == 1
    # With the answered enrollment out of scope, nothing in scope says that the contact answered.
    assert asked(reader, "analyze", status="finished")["rates"]["no_response"]["numerator"] == 2


@SOURCES
@pytest.mark.parametrize("flag", ["replied", "met"])
def test_who_answered_in_an_ended_enrollment_is_not_without_response_in_another(source: str, flag: str) -> None:
    store = MemoryStore()
    silent = Enrolled("c-1", "s-1", status="finished", outcome="no_response")
    fill(store, [silent, replace(silent, outcome="replied", flags=frozenset({flag}))], CATALOGUE)
    assert asked(Reader(store), "analyze", source=source)["rates"]["no_response"]["numerator"] == 0
    assert asked(Reader(store), "analyze", source=source, basis="enrollments")["rates"]["no_response"]["numerator"] == 1


@SOURCES
def test_a_message_of_several_enrollments_counts_once(source: str) -> None:
    # Sent by one enrollment and, under the same id, by another; one was delivered, and what was answered is an event of the other.
    store = MemoryStore()
    first = Enrolled(
        "c-1",
        "s-1",
        messages={"m-1": frozenset({"sent", "delivered"})},
        steps={"st-1": (EXECUTED, frozenset({"m-1"}))},
    )
    second = replace(first, variant="B", messages={"m-1": frozenset({"sent", "replied"})})
    stranger = replace(first, contact="c-2", variant="B")
    fill(store, [first, second, stranger], CATALOGUE)
    reader = Reader(store)
    answer = asked(reader, "performance", "s-1", source, basis="messages")
    assert [answer["rates"]["reply"]["numerator"], answer["rates"]["reply"]["denominator"]] == [1, 2]
    assert [answer["rates"]["bounce"]["denominator"], answer["totals"]["sent"]] == [2, 3]
    assert asked(reader, "steps", "s-1", source)["steps"][0]["sent"] == 2
    # Without the enrollment that delivered it, the message is no longer one of those that can be answered.
    answer = asked(reader, "performance", "s-1", source, basis="messages", variant="B")
    assert [answer["rates"]["reply"]["numerator"], answer["rates"]["reply"]["denominator"]] == [0, 1]


def test_a_cohort_has_both_of_its_days_in_the_time_zone() -> None:
    store = MemoryStore()
    # 23:59:59.999 of 2 March and midnight of 3 March in Berlin.
    times = (MARCH + 13 * 3_600_000 - 1, MARCH + 13 * 3_600_000)
    fill(store, [Enrolled(f"c-{time}", "s-1", started_at=time) for time in times], CATALOGUE)

    def started(zone: str, **days: str) -> int:
        return int(asked(Reader(store), "analyze", time_zone=zone, **days)["enrollments"]["started"])

    assert started("Europe/Berlin", enrolled_from="2026-03-02", enrolled_to="2026-03-02") == 1
    assert started("Europe/Berlin", enrolled_from="2026-03-03", enrolled_to="2026-03-03") == 1
    assert started("Europe/Berlin", enrolled_from="2026-03-02", enrolled_to="2026-03-03") == 2
    assert started("UTC", enrolled_to="2026-03-02") == 2
    assert started("UTC", enrolled_from="2026-03-03") == 0


@SOURCES
def test_opens_of_machines_count_when_asked_for(reader: Reader, source: str) -> None:
    rates = asked(reader, "analyze", source=source, opens="all")["rates"]
    assert [rates[name]["numerator"] for name in ("open", "engaged")] == [2, 2]
    totals = asked(reader, "analyze", source=source, opens="all")["totals"]
    assert [totals[name] for name in ("opens", "machine_opens")] == [3, 2]


def test_scheduled_and_orphan_obey_names_but_no_other_filter(reader: Reader) -> None:
    def numbers(**parameters: str) -> list[int]:
        enrollments = asked(reader, "analyze", **parameters)["enrollments"]
        return [enrollments[name] for name in ("started", "scheduled", "orphan")]

    assert numbers(status="paused") == [1, 1, 1]
    assert numbers(enrolled_from="2030-01-01") == [0, 1, 1]
    assert numbers(step="st-9") == [1, 1, 1]
    assert numbers(company="co-1") == [0, 0, 1]
    assert numbers(sequence="s-1") == [4, 1, 0]


@SOURCES
def test_nothing_of_nothing_is_null(reader: Reader, source: str) -> None:
    expected = {"numerator": 0, "denominator": 0, "basis": "contacts", "value": None}
    assert expected == asked(reader, "performance", "s-2", source)["rates"]["open"]


@SOURCES
def test_sequences_are_all_listed_most_contacts_first(reader: Reader, source: str) -> None:
    answer = asked(reader, "sequences", source=source)
    expected = [("s-1", 4, 3, 3), ("s-2", 0, 0, 0), ("s-3", 0, 0, 0)]
    assert expected == [(one["sequence_id"], one["enrollments"], one["contacts"], one["opens_total"]) for one in answer["sequences"]]
    named = ["s-1", "s-2", "s-3"]
    assert named == [one["sequence_id"] for one in asked(reader, "sequences", sequence="s-9")["sequences"]]


@SOURCES
@pytest.mark.parametrize(
    ("sort", "order", "expected"),
    [
        ("name", "asc", ["s-3", "s-1", "s-2"]),
        ("name", "desc", ["s-1", "s-3", "s-2"]),
        ("owner_id", "desc", ["s-1", "s-2", "s-3"]),
        ("created_at", "asc", ["s-1", "s-3", "s-2"]),
        ("created_at", "desc", ["s-3", "s-1", "s-2"]),
        ("sequence_id", "desc", ["s-3", "s-2", "s-1"]),
        ("archived", "desc", ["s-1", "s-2", "s-3"]),
        ("no_response", "asc", ["s-1", "s-2", "s-3"]),
        ("contacts", "asc", ["s-2", "s-3", "s-1"]),
    ],
)
def test_sequences_sort_by_any_column_with_nulls_last(reader: Reader, source: str, sort: str, order: str, expected: list[str]) -> None:
    assert expected == [one["sequence_id"] for one in asked(reader, "sequences", source=source, sort=sort, order=order)["sequences"]]


@SOURCES
def test_steps_in_order_then_those_that_only_events_name(reader: Reader, source: str) -> None:
    answer = asked(reader, "steps", "s-1", source)
    expected = [("st-1", 1, 1, 1, 1), ("st-2", 2, 1, 1, 1), ("st-9", None, 1, 0, 0)]
    columns = ("step_id", "order", "total", "executed", "sent")
    assert expected == [tuple(step[name] for name in columns) for step in answer["steps"]]
    assert answer["scheduled"] == 1
    assert sum(answer["no_step"].values()) + sum(step["total"] for step in answer["steps"]) == 4


@SOURCES
def test_a_step_is_credited_in_any_enrollment_once_it_was_executed_in_one(reader: Reader, source: str) -> None:
    expected = {"numerator": 1, "denominator": 1, "basis": "contacts", "value": 1.0}
    assert expected == asked(reader, "steps", "s-1", source)["steps"][0]["rates"]["open"]


def test_out_of_scope_enrollments_neither_execute_a_step_nor_are_credited(reader: Reader) -> None:
    first = asked(reader, "steps", "s-1", status="unenrolled")["steps"][0]
    assert [first["executed"], first["rates"]["open"]["numerator"]] == [0, 0]
    first = asked(reader, "steps", "s-1", status="finished")["steps"][0]
    assert [first["executed"], first["rates"]["open"]["numerator"]] == [1, 0]


def test_lag_is_what_the_log_has_beyond_the_numbers(reader: Reader) -> None:
    ends = {("enrollment-events", 0): 5, ("email-events", 0): 9, ("meeting-events", 7): 4, ("quarantine", 0): 99}
    answer = report("analyze", reader, account=ACCOUNT, ends=ends).model_dump()
    assert answer["as_of"]["lag"] == 3 + 0 + 4


def test_an_empty_store_has_answers_too() -> None:
    answer = asked(Reader(MemoryStore()), "analyze", team="t-1")
    expected = {"generation": 1, "applied": 0, "lag": None, "time": None}
    assert expected == answer["as_of"]
    assert asked(Reader(MemoryStore()), "sequences")["sequences"] == []


@pytest.mark.parametrize("basis", ["contacts", "enrollments", "messages"])
@SOURCES
def test_shards_add_up(reader: Reader, source: str, basis: str) -> None:
    store, odd = MemoryStore(), MemoryStore()
    fill(store, [one for one in PEOPLE if one.partition % 2 == 0], CATALOGUE)
    # Sequences are defined in one shard and merely named in the other.
    fill(odd, [one for one in PEOPLE if one.partition % 2 == 1], dict.fromkeys(CATALOGUE, Definition()))
    tables: Any = ((store.hashes, odd.hashes), (store.strings, odd.strings), (store.lists, odd.lists))
    for own, others in tables:
        own.update({key.replace("{1.0}", "{1.1}"): value for key, value in others.items()})
    for name, one in REPORTS.items():
        if name in LISTS:
            continue
        given = {"basis": basis, "measure": "contacts,open_rate,sent", "by": "sequence,team"}
        parameters = {parameter.name: given[parameter.name] for parameter in one.parameters if parameter.name in given}
        subject = "s-1" if one.subject else None
        assert asked(reader, name, subject, source, **parameters) == asked(Reader(store, shards=2), name, subject, source, **parameters)


def test_without_the_statistics_variants_are_refused_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proportions, "find_spec", lambda _: None)
    with pytest.raises(MissingLibrary, match="statsmodels"):
        ask("variants", account="default")
