"""What live readers are told of a commit is what it has changed, and no more."""

from typing import Any

import pytest

from projections.changes import CHANNEL, Change, changes, decode, encode
from projections.tables.store import Commit
from projections.versions import Versions
from tests.folding import Folding, log_of
from tests.stories import event

START = event("enrollment.started", "09:00", contact_id="ada", enrollment_id="e-1", sequence_id="s:1")


async def told(*batches: list[dict[str, Any]]) -> list[dict[str, list[str]]]:
    """For each commit of the batches: channel -> sequences."""
    found: list[dict[str, list[str]]] = []
    versions: dict[int, int] = {}

    def tell(commit: Commit, version: int) -> None:
        made = changes(commit, version)
        found.append({channel: change.sequences for channel, change in made.items()})
        for change in made.values():
            assert (change.generation, change.version) == (3, versions.get(change.partition, 0) + 1)
        versions[next(iter(made.values())).partition] = version

    folding = Folding(generation=3, shards=2, tell=tell)
    ends: dict[tuple[str, int], int] = {}
    for batch in batches:
        for lane, records in log_of(batch).items():
            if records:
                start = ends.get(lane, 0)
                await folding.feed(*lane, [record._replace(offset=start + record.offset) for record in records])
                ends[lane] = start + len(records)
    return found


async def test_sequences_whose_enrollments_changed_are_named_by_account() -> None:
    second = event("enrollment.started", "09:00", contact_id="ada", enrollment_id="e-2", sequence_id="s-2")
    other = event("enrollment.started", "09:00", "acme", contact_id="ada", enrollment_id="e-1", sequence_id="s-9")
    found = await told([START, second], [other])
    assert found == [{f"{CHANNEL}default": ["s-2", "s:1"]}, {f"{CHANNEL}acme": ["s-9"]}]


async def test_a_definition_changes_its_sequence() -> None:
    defined = event("sequence.defined", "08:00", sequence_id="s:1", name="Spring", version=1, steps=[])
    assert await told([defined], [defined]) == [{f"{CHANNEL}default": ["s:1"]}, {CHANNEL: []}]


@pytest.mark.parametrize("nothing", [START, event("contact.updated", "08:00", contact_id="ada", name="Ada")], ids=["repeated", "a name"])
async def test_what_changes_no_sequence_is_told_to_nobody_in_particular(nothing: dict[str, Any]) -> None:
    assert await told([START], [nothing]) == [{f"{CHANNEL}default": ["s:1"]}, {CHANNEL: []}]


async def test_a_dashboard_changes_no_sequence_and_is_told_all_the_same() -> None:
    saved = event("dashboard.saved", "08:00", "acme", dashboard_id="d-1", name="Sales", cards=[])
    assert await told([saved], [saved]) == [{f"{CHANNEL}acme": []}, {CHANNEL: []}]


async def test_an_event_that_changes_a_cell_alone_is_a_change() -> None:
    executed = event("step.executed", "09:30", contact_id="ada", enrollment_id="e-1", sequence_id="s:1", step_id="call")
    assert (await told([START], [executed]))[1] == {f"{CHANNEL}default": ["s:1"]}


def test_a_change_travels_as_bytes() -> None:
    change = Change(1, 3, 2**40, ["s-1", "sürprise"])
    assert decode(encode(change)) == change


def test_versions_are_compared_partition_by_partition() -> None:
    here = Versions(2, (5, 7))
    assert str(here) == "2-5.7"
    assert Versions.read(str(here)) == here
    assert [here.contains(Versions(*other)) for other in ((2, (5, 7)), (2, (0, 7)), (2, (6, 0)), (1, (0, 0)), (2, (5,)))] == [
        *(True, True),
        *(False, False, False),
    ]
    assert here.moved(1, 9) == Versions(2, (5, 9))
    assert here.moved(1, 3) == here.moved(2, 9) == here
    assert [Versions.read(text) for text in ("", "2", "2-", "2-5.x", "-1-5", "2-٣", "2-" + "9" * 20)] == [None] * 7
