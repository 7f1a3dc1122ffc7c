"""One contact spelled out: all that the tables hold of it, under names, so that two copies of it can be compared field by field.

Ordinals, codes, positions and row numbers depend on the order of arrival; what they stand for is written in their place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from projections.codec import SharedMessage
from projections.contact import Contact
from projections.facts import content_order
from projections.names import Names
from projections.tables.layout import ROW, STEP_CELL

ROW_FIELDS: Final = tuple(ROW.names or ())
CELL_FIELDS: Final = tuple(STEP_CELL.names or ())
_CODED: Final = tuple(ROW_FIELDS.index(name) for name in ("step", "enrolled_by", "team", "company", "variant"))
_OWNER: Final = ROW_FIELDS.index("contact")

SharedEntry = tuple[str, str, int, tuple[str, ...]]
"""Sequence id, enrollment id, bits of meaning.MESSAGE_FACTS, ids of the steps that sent it."""


@dataclass(slots=True)
class SpelledEnrollment:
    """`row`: the values of ROW_FIELDS with ids in place of codes, None where there is no row. `cells`: step id -> the values of
    CELL_FIELDS; a cell that is all zero is left out."""

    row: tuple[Any, ...] | None
    cells: dict[str, tuple[int, ...]]


@dataclass(slots=True)
class SpelledContact:
    """`facts` as `facts.content_order` writes them; `messages` are hashes; enrollments by (sequence id, enrollment id)."""

    profile: tuple[str | None, ...] | None = None
    facts: frozenset[tuple[object, ...]] = frozenset()
    messages: tuple[int, ...] = ()
    enrollments: dict[tuple[str, str], SpelledEnrollment] = field(default_factory=dict)
    shared: tuple[tuple[SharedEntry, ...], ...] = ()


def spell(
    contact_id: str,
    contact: Contact,
    names: Names,
    rows: Sequence[bytes],
    cells: Sequence[Mapping[str, bytes]],
    shared: Sequence[SharedMessage],
) -> SpelledContact:
    """The contact with its row (b"" = none) and its cells (step id -> record) for each enrollment, in the order of `contact.enrollments`.

    Raises `IndexError` when the state points at what is not there.
    """
    profile = contact.profile
    return SpelledContact(
        profile=None if profile is None else (profile.name, profile.email, profile.company_id, profile.company_name),
        facts=frozenset([content_order(contact, fact, names) for fact in contact.facts]),
        messages=tuple(sorted(contact.messages)),
        enrollments={
            (names.text(known.sequence), known.enrollment_id): SpelledEnrollment(
                _row(contact_id, contact, row, names) if row else None,
                {step: _numbers(cell) for step, cell in of_steps.items() if any(cell)},
            )
            for known, row, of_steps in zip(contact.enrollments, rows, cells, strict=True)
        },
        shared=_shared(contact, shared, names),
    )


def as_values(spelled: SpelledContact) -> dict[str, Any]:
    """The spelled contact as plain JSON values, everything in order."""
    return {
        "profile": None if spelled.profile is None else list(spelled.profile),
        "facts": sorted(spelled.facts, key=repr),
        "messages": list(spelled.messages),
        "enrollments": {
            f"{sequence_id}/{enrollment_id}": {
                "row": None if known.row is None else dict(zip(ROW_FIELDS, known.row, strict=True)),
                "cells": {step: list(cell) for step, cell in sorted(known.cells.items())},
            }
            for (sequence_id, enrollment_id), known in sorted(spelled.enrollments.items())
        },
        "shared": [[[*entry[:3], list(entry[3])] for entry in message] for message in spelled.shared],
    }


def _row(contact_id: str, contact: Contact, packed: bytes, names: Names) -> tuple[Any, ...]:
    values = list(np.frombuffer(packed, ROW)[0].item())
    values[_OWNER] = contact_id if values[_OWNER] == contact.ordinal else f"contact number {values[_OWNER]}"
    for place in _CODED:
        code = values[place]
        values[place] = names.text(code) if code <= len(names) else f"code {code}"
    return tuple(values)


def _numbers(packed: bytes) -> tuple[int, ...]:
    numbers: tuple[int, ...] = np.frombuffer(packed, STEP_CELL)[0].item()
    return numbers


def _shared(contact: Contact, messages: Sequence[SharedMessage], names: Names) -> tuple[tuple[SharedEntry, ...], ...]:
    if not messages:
        return ()
    enrollments = {(known.sequence, known.row): known.enrollment_id for known in contact.enrollments}
    return tuple(
        sorted(
            tuple(
                sorted(
                    (
                        names.text(sequence),
                        enrollments.get((sequence, row), f"row {row}"),
                        bits,
                        tuple(sorted(names.text(step) for step in steps)),
                    )
                    for sequence, row, bits, steps in message
                )
            )
            for message in messages
        )
    )
