from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice
from typing import Any

import pytest

from cli.demo.company import Company
from cli.demo.playbook import PLAYBOOK
from events.catalog import CATALOG
from events.judgement import judge

UNTIL = 1_790_000_000_000
Events = list[dict[str, Any]]


@pytest.fixture(scope="module")
def history() -> Events:
    return list(Company(7, 3_000, until=UNTIL).history())


def contacts(events: Iterable[dict[str, Any]], counts: Callable[[dict[str, Any]], bool]) -> set[str]:
    return {event["data"]["contact_id"] for event in events if counts(event)}


def started(events: Events) -> set[str]:
    return contacts(events, lambda event: event["type"] == "enrollment.started")


def share(events: Events, type_: str, *, machine: bool | None = None) -> float:
    whole = started(events)
    found = contacts(events, lambda event: event["type"] == type_ and machine in (None, event["data"].get("machine", False)))
    return len(found & whole) / len(whole)


def test_the_same_seed_tells_the_same_story(history: Events) -> None:
    assert list(Company(7, 3_000, until=UNTIL).history()) == history


def test_another_seed_tells_another_story(history: Events) -> None:
    assert list(Company(8, 3_000, until=UNTIL).history()) != history


def test_every_event_is_accepted_under_its_topic_and_key() -> None:
    for topic, key, value in Company(7, 600, until=UNTIL, account="acme").events_json():
        assert judge(value, topic=topic, key=key, stamped_at=UNTIL).account == "acme"


def test_the_fast_form_says_the_same_as_the_history() -> None:
    slow = [judge_of(event) for event in Company(7, 300, until=UNTIL).history()]
    fast = [judge(value, stamped_at=UNTIL) for _, _, value in Company(7, 300, until=UNTIL).events_json()]
    assert fast == slow


def judge_of(event: dict[str, Any]) -> object:
    import msgspec

    return judge(msgspec.json.encode(event), stamped_at=UNTIL)


def test_every_type_of_the_catalog_occurs(history: Events) -> None:
    assert {event["type"] for event in history} == set(CATALOG)


@pytest.mark.parametrize(
    ("type_", "machine", "low", "high"),
    [
        ("email.opened", False, 0.35, 0.55),
        ("email.clicked", False, 0.03, 0.08),
        ("email.replied", None, 0.04, 0.09),
        ("meeting.booked", None, 0.01, 0.03),
        ("email.bounced", None, 0.02, 0.04),
    ],
)
def test_the_rates_are_believable(history: Events, type_: str, machine: bool | None, low: float, high: float) -> None:
    assert low <= share(history, type_, machine=machine) <= high


def test_the_history_is_half_a_year_that_ends_now(history: Events) -> None:
    times = [datetime.fromisoformat(event["time"]).timestamp() * 1000 for event in history]
    assert max(times) <= UNTIL
    assert 180 < (max(times) - min(times)) / 86_400_000 < 185


def test_an_enrollment_has_about_twelve_events(history: Events) -> None:
    enrollments = sum(event["type"] == "enrollment.started" for event in history)
    assert 11 <= len(history) / enrollments <= 13.5


def test_contacts_come_back_into_other_sequences(history: Events) -> None:
    runs = Counter(event["data"]["contact_id"] for event in history if event["type"] == "enrollment.started")
    assert sum(count > 1 for count in runs.values()) > 0.05 * len(runs)


def test_redelivered_events_are_the_same_to_the_letter(history: Events) -> None:
    by_identity: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for event in history:
        by_identity[event["source"], event["id"]].append(event)
    repeated = [events for events in by_identity.values() if len(events) > 1]
    assert len(repeated) > 0.002 * len(history)
    assert all(event == events[0] for events in repeated for event in events)


def test_a_sequence_gets_a_second_version_and_another_is_archived(history: Events) -> None:
    versions = {event["data"]["sequence_id"]: event["data"]["version"] for event in history if event["type"] == "sequence.defined"}
    assert versions == {sequence.sequence_id: len(sequence.editions) for sequence in PLAYBOOK}
    assert max(versions.values()) == 2
    archived = next(event for event in history if event["type"] == "sequence.archived")
    later = [event for event in history if event["type"] == "enrollment.started" and event["time"] > archived["time"]]
    assert later
    # Whoever was enrolled before may still be waiting for a planned start.
    days = 12 * 86_400
    stale = [event for event in later if event["data"]["sequence_id"] == archived["data"]["sequence_id"]]
    assert all((datetime.fromisoformat(event["time"]) - datetime.fromisoformat(archived["time"])).total_seconds() < days for event in stale)


def test_a_company_can_be_made_to_measure() -> None:
    assert 20_000 <= sum(1 for _ in Company.of_events(3, 20_000, until=UNTIL).events_json()) <= 24_000


def test_it_goes_on_live_at_the_clock_of_whoever_listens() -> None:
    company = Company(7, 400, until=UNTIL)
    seen = {(event["source"], event["id"]): event for event in company.history()}
    present = UNTIL + 60_000
    live = list(islice(company.live(lambda: present), 3_000))
    fresh = [event for event in live if (event["source"], event["id"]) not in seen]
    assert len(fresh) > 2_900
    for event in live:
        judge_live = judge_of(event)
        assert judge_live
        known = seen.setdefault((event["source"], event["id"]), event)
        assert event == known, "a second delivery keeps its time"
    times = [event["time"] for event in {(event["source"], event["id"]): event for event in fresh}.values()]
    stamped = [time for time in times if datetime.fromisoformat(time).timestamp() * 1000 >= present]
    assert len(stamped) > 0.95 * len(times)
    assert stamped == sorted(set(stamped)), "what follows from something comes after it"
