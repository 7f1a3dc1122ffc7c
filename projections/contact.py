"""What is kept of one contact, as it is packed.

These are msgspec structs, which read their annotations when they are made, so this module always runs as plain Python; the fold that works
on them may be compiled (projections/compiled.py).
"""

from typing import Any

import msgspec

Fact = tuple[Any, ...]
"""Seven parts, as `projections.facts` draws them. Typed loosely because compiled code would take a tuple of exact types apart and put it
together again at every step."""


class Enrollment(msgspec.Struct, array_like=True, gc=False):
    """One enrollment as it is referred to: `sequence` is a names code, `row` its place among the rows of (sequence, partition)."""

    sequence: int
    enrollment_id: str
    row: int


class Profile(msgspec.Struct, array_like=True, gc=False):
    """The contact's names, from the last `contact.updated` of the log."""

    name: str | None
    email: str | None
    company_id: str | None
    company_name: str | None


class Contact(msgspec.Struct, array_like=True, gc=False):
    """All that is kept of one contact. `ordinal` is its place in `contact-ids`; `messages` holds 64-bit hashes of message ids."""

    ordinal: int
    base: int
    enrollments: list[Enrollment]
    messages: list[int]
    facts: set[Fact]
    profile: Profile | None = None
