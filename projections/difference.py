"""Where two copies of the tables differ, cell by cell."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from projections import dashboards, definitions
from projections.canonical import CELL_FIELDS, ROW_FIELDS, SpelledContact, SpelledEnrollment

Counter = tuple[str, str, str]
"""Account, sequence id ("" for the whole account), field as it stands in the hash; a field of `steps:` is the one that has a colon."""
Described = tuple[str, str]
"""Account, id of a sequence or a dashboard."""
_NO_CELL: Final = (0,) * len(CELL_FIELDS)


@dataclass(frozen=True, slots=True)
class Difference:
    """One cell that is another in two copies; None stands for what is not there.

    `table` as `projections.tables.layout` names it. What does not belong to an account, a contact ... has None there.
    """

    table: str
    cell: str
    left: Any
    right: Any
    account: str | None = None
    contact: str | None = None
    sequence: str | None = None
    enrollment: str | None = None
    partition: int | None = None


def contact_differences(account: str, contact: str, left: SpelledContact | None, right: SpelledContact | None) -> Iterator[Difference]:
    """Cells of one contact. Of a contact that is on one side alone: that it is missing, and each of its enrollments."""
    if left is None or right is None:
        yield Difference("contacts", "contact", _told(left), _told(right), account, contact)
        left, right = left or SpelledContact(), right or SpelledContact()
    else:
        if left.profile != right.profile:
            yield Difference("contacts", "profile", left.profile, right.profile, account, contact)
        for fact in sorted(left.facts ^ right.facts, key=repr):
            here, there = (fact, None) if fact in left.facts else (None, fact)
            yield Difference("contacts", "fact", here, there, account, contact)
        if left.messages != right.messages:
            yield Difference("contacts", "messages", left.messages, right.messages, account, contact)
        if left.shared != right.shared:
            yield Difference("shared", "messages", left.shared, right.shared, account, contact)
    for key in sorted(left.enrollments.keys() | right.enrollments.keys()):
        yield from _enrollment_differences(account, contact, key, left.enrollments.get(key), right.enrollments.get(key))


def _told(contact: SpelledContact | None) -> str | None:
    return None if contact is None else f"{len(contact.facts)} facts, {len(contact.enrollments)} enrollments"


def _enrollment_differences(
    account: str, contact: str, key: tuple[str, str], left: SpelledEnrollment | None, right: SpelledEnrollment | None
) -> Iterator[Difference]:
    if left is None or right is None:
        here, there = ("there", None) if right is None else (None, "there")
        yield Difference("contacts", "enrollment", here, there, account, contact, *key)
        return
    if left.row is None or right.row is None:
        if left.row != right.row:
            yield Difference("rows", "row", left.row, right.row, account, contact, *key)
    elif left.row != right.row:
        for name, one, other in zip(ROW_FIELDS, left.row, right.row, strict=True):
            if one != other:
                yield Difference("rows", name, one, other, account, contact, *key)
    if left.cells != right.cells:
        for step in sorted(left.cells.keys() | right.cells.keys()):
            for name, one, other in zip(CELL_FIELDS, left.cells.get(step, _NO_CELL), right.cells.get(step, _NO_CELL), strict=True):
                if one != other:
                    yield Difference("cells", f"{name}:{step}", one, other, account, contact, *key)


def counter_differences(left: Mapping[Counter, int], right: Mapping[Counter, int]) -> Iterator[Difference]:
    """Counters that are not the same; one that is absent is 0."""
    for key in sorted(left.keys() | right.keys()):
        if left.get(key, 0) != right.get(key, 0):
            account, sequence, cell = key
            table = "account" if not sequence else "steps" if ":" in cell else "sequence"
            yield Difference(table, cell, left.get(key, 0), right.get(key, 0), account, sequence=sequence or None)


def field_differences(table: str, left: Mapping[str, Any], right: Mapping[str, Any], account: str | None = None) -> Iterator[Difference]:
    """Fields of a hash that are not the same or are on one side alone."""
    for name in sorted(left.keys() | right.keys()):
        if left.get(name) != right.get(name):
            yield Difference(table, name, left.get(name), right.get(name), account)


def described_differences(table: str, left: Mapping[Described, bytes], right: Mapping[Described, bytes]) -> Iterator[Difference]:
    """Sequences or dashboards, by what is known of each."""
    decode: Any = definitions.decode if table == "sequences" else dashboards.decode
    for key in sorted(left.keys() | right.keys()):
        account, id_ = key
        sequence = id_ if table == "sequences" else None
        if key not in left or key not in right:
            here, there = (None, "there") if key not in left else ("there", None)
            yield Difference(table, id_, here, there, account, sequence=sequence)
        elif left[key] != right[key]:
            try:
                here, there = decode(left[key]), decode(right[key])
            except msgspec.DecodeError as error:
                yield Difference(table, id_, f"cannot be read: {error}", "there", account, sequence=sequence)
                continue
            for name in here.__struct_fields__:
                if (one := getattr(here, name)) != (other := getattr(there, name)):
                    yield Difference(
                        table, f"{name}:{id_}", msgspec.to_builtins(one), msgspec.to_builtins(other), account, sequence=sequence
                    )
