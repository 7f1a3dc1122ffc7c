"""Lists of enrollments: what can be asked of them, and cursors that belong to their question."""

from typing import Any

import pytest

from projections.reports import ParameterError, report
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from tests.folding import folded
from tests.unit.projections.reports.test_filters import Untouchable

LISTS = pytest.mark.parametrize("name", ["enrollments", "contacts"])


def event(number: int, type_: str, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"ev-{number}",
        "source": "mailer",
        "type": type_,
        "time": f"2026-03-02T09:{number:02}:00Z",
        "data": data,
    }


def opened(number: int, sequence: str = "s-1") -> list[dict[str, Any]]:
    named = {"contact_id": f"c-{number}", "enrollment_id": f"e-{number}", "sequence_id": sequence}
    return [
        event(2 * number, "email.sent", **named, message_id="m-1", step_id="st-1"),
        event(2 * number + 1, "email.opened", contact_id=f"c-{number}", message_id="m-1"),
    ]


@pytest.fixture
def reader() -> Reader:
    return Reader(folded([one for number in range(5) for one in opened(number)]))


def asked(reader: Reader, name: str, account: str = "default", **given: Any) -> dict[str, Any]:
    parameters = {one: value if isinstance(value, list) else [str(value)] for one, value in given.items()}
    return report(name, reader, account=account, parameters=parameters).model_dump()


def refused(name: str, account: str = "default", **given: Any) -> ParameterError:
    """What is said of a question for which nothing may be read."""
    with pytest.raises(ParameterError) as raised:
        asked(Reader(Untouchable()), name, account, **given)
    assert "\n" not in str(raised.value)
    return raised.value


@LISTS
@pytest.mark.parametrize("limit", ["0", "1001", "abc", "-1", "1.0", "", "١"])
def test_a_limit_is_a_number_from_1_to_1000(name: str, limit: str) -> None:
    error = refused(name, limit=limit)
    assert error.parameter == "limit"
    assert "1 to 1000" in error.message


@LISTS
@pytest.mark.parametrize("cursor", ["", "!", "abc", "ä", "A" * 64, "k" * 4096, "=", "\udc80"])
def test_a_malformed_cursor_is_refused(name: str, cursor: str) -> None:
    error = refused(name, cursor=cursor)
    assert error.parameter == "cursor"
    assert "malformed" in error.message


def test_a_cursor_that_has_lost_or_changed_a_character_is_malformed(reader: Reader) -> None:
    cursor = asked(reader, "enrollments", limit=2)["next"]
    for changed in (cursor[:-1], cursor[1:], cursor[:20] + ("A" if cursor[20] != "A" else "B") + cursor[21:], cursor + "A", cursor + "\n"):
        assert "malformed" in refused("enrollments", cursor=changed).message


@pytest.mark.parametrize(
    "other",
    [
        {"sequence": "s-2"},
        {"status": "active"},
        {"opens": "all"},
        {"sequence": "s-1", "cell": "open:st-1"},
        {"enrolled_from": "2026-01-01"},
    ],
)
def test_a_cursor_of_another_question_is_refused(reader: Reader, other: dict[str, str]) -> None:
    cursor = asked(reader, "enrollments", limit=2, sequence="s-1")["next"]
    error = refused("enrollments", **({"sequence": "s-1"} | other), cursor=cursor)
    assert error.parameter == "cursor"
    assert "another question" in error.message


def test_a_cursor_of_another_report_or_account_is_refused(reader: Reader) -> None:
    cursor = asked(reader, "enrollments", limit=2)["next"]
    assert "another question" in refused("contacts", cursor=cursor).message
    assert "another account" in refused("enrollments", "other", cursor=cursor).message


def test_a_cursor_belongs_to_a_time_zone_only_where_dates_are_asked_for(reader: Reader) -> None:
    cursor = asked(reader, "enrollments", limit=2)["next"]
    assert len(asked(reader, "enrollments", cursor=cursor, time_zone="Asia/Kolkata")["enrollments"]) == 3
    dated: dict[str, Any] = {"enrolled_from": "2026-03-01", "limit": 2}
    cursor = asked(reader, "enrollments", **dated)["next"]
    assert "another question" in refused("enrollments", **dated, cursor=cursor, time_zone="Asia/Kolkata").message


@LISTS
def test_the_order_of_values_and_the_limit_are_no_part_of_the_question(reader: Reader, name: str) -> None:
    first = asked(reader, name, limit=2, sequence=["s-1", "s-2"])
    second = asked(reader, name, limit=3, sequence=["s-2", "s-1", "s-1"], cursor=first["next"])
    assert [row["enrollment_id"] for row in first[name]] == ["e-4", "e-3"]
    assert [row["enrollment_id"] for row in second[name]] == ["e-2", "e-1", "e-0"]
    assert (first["total"], second["total"], second["next"]) == (5, 5, None)


@LISTS
def test_a_page_that_holds_all_that_is_left_is_the_last(reader: Reader, name: str) -> None:
    assert asked(reader, name, limit=5)["next"] is None
    assert asked(reader, name, limit=4)["next"] is not None
    assert asked(reader, name, company="nobody") | {"as_of": None} == asked(Reader(MemoryStore()), name) | {"as_of": None}


@pytest.mark.parametrize(
    ("cell", "sequences", "said"),
    [
        ("opened:st-1", ["s-1"], "no_step, executed:STEP, skipped:STEP, open:STEP"),
        ("open", ["s-1"], "open:STEP"),
        ("open:", ["s-1"], "open:STEP"),
        ("no_step:st-1", ["s-1"], "choose one of no_step"),
        ("", ["s-1"], "choose one of no_step"),
        ("open:a\x1fb", ["s-1"], "control characters"),
        ("open:" + "x" * 129, ["s-1"], "1 to 128"),
        ("open:st-1", [], "one `sequence`"),
        ("no_step", ["s-1", "s-2"], "one `sequence`"),
    ],
)
def test_a_cell_says_what_is_allowed(cell: str, sequences: list[str], said: str) -> None:
    error = refused("enrollments", cell=cell, sequence=sequences)
    assert error.parameter == "cell"
    assert said in error.message


def test_a_step_id_may_hold_a_colon_and_a_step_may_be_unknown(reader: Reader) -> None:
    for cell, found in (("executed:st-1", 5), ("executed:st:1", 0), ("bounce:st-9", 0)):
        assert asked(reader, "enrollments", sequence="s-1", cell=cell)["total"] == found
    assert asked(reader, "enrollments", sequence="s-9", cell="no_step")["total"] == 0


@pytest.mark.parametrize(
    ("name", "given", "wrong"),
    [
        ("contacts", {"status": "scheduled"}, "status"),
        ("contacts", {"cell": "no_step"}, "cell"),
        ("contacts", {"opens": "machine"}, "opens"),
        ("enrollments", {"status": "orphan"}, "status"),
        ("enrollments", {"opens": "machine"}, "opens"),
        ("enrollments", {"basis": "contacts"}, "basis"),
    ],
)
def test_other_parameters_are_checked_too(name: str, given: dict[str, str], wrong: str) -> None:
    assert refused(name, **given).parameter == wrong


def test_names_of_people_are_read_anew_for_every_page() -> None:
    named = event(50, "contact.updated", contact_id="c-1", name="Ann", company_id="co-9", company_name="Acme")
    erased = event(51, "contact.erased", contact_id="c-1")
    events = [*opened(1), named]
    store = folded(events)
    reader = Reader(store)
    (row,) = asked(reader, "enrollments")["enrollments"]
    assert (row["contact_name"], row["company_name"], row["company_id"]) == ("Ann", "Acme", None)
    after = folded([*events, erased])
    store.hashes, store.strings, store.lists = after.hashes, after.strings, after.lists
    (row,) = asked(reader, "enrollments")["enrollments"]
    assert (row["contact_name"], row["company_name"]) == (None, None)
