"""Events for property tests: valid ones of every type with every optional field, and their three encodings.

The shapes are written down here a second time, from the contract and not from the catalog, so that the one checks the other.
"""

import json
from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any, Literal, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from events.log.record import Headers

Json = Any
Encoding = Literal["structured", "binary", "bare"]
ENCODINGS: tuple[Encoding, ...] = ("structured", "binary", "bare")

STAMPED_AT = 1_772_445_600_000
"""2026-03-02T10:00:00Z: when the log stamped the records made here. Valid times lie up to 24 hours after it."""

E = ("contact_id", "enrollment_id", "sequence_id")
M = ("contact_id", "message_id")
_STARTED = ("enrolled_by", "company_id", "team_id", "variant", "sequence_version")


class Shape(NamedTuple):
    """One row of the contract. The pair `enrollment_id`, `sequence_id` may be given wherever it is not required (see `data_of`)."""

    topic: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


SHAPES: dict[str, Shape] = {
    "enrollment.scheduled": Shape("enrollment-events", E, ("start_at", *_STARTED)),
    "enrollment.started": Shape("enrollment-events", E, _STARTED),
    "enrollment.paused": Shape("enrollment-events", E),
    "enrollment.resumed": Shape("enrollment-events", E),
    "enrollment.finished": Shape("enrollment-events", E),
    "enrollment.unenrolled": Shape("enrollment-events", (*E, "end_reason"), ("message_id",)),
    "enrollment.errored": Shape("enrollment-events", E, ("error",)),
    "step.executed": Shape("enrollment-events", (*E, "step_id")),
    "step.skipped": Shape("enrollment-events", (*E, "step_id")),
    "task.completed": Shape("enrollment-events", (*E, "step_id"), ("outcome", "due_at")),
    "email.sent": Shape("email-events", (*E, "message_id", "step_id"), ("variant",)),
    "email.delivered": Shape("email-events", M, ("step_id", "reason")),
    "email.deferred": Shape("email-events", M, ("step_id", "reason")),
    "email.dropped": Shape("email-events", M, ("step_id", "reason")),
    "email.opened": Shape("email-events", M, ("step_id", "machine", "user_agent", "ip")),
    "email.clicked": Shape("email-events", M, ("step_id", "url", "machine", "user_agent", "ip")),
    "email.replied": Shape("email-events", ("contact_id",), ("message_id", "step_id", "sentiment")),
    "email.auto_replied": Shape("email-events", ("contact_id",), ("message_id", "step_id", "sentiment")),
    "email.bounced": Shape("email-events", (*M, "bounce_kind"), ("step_id", "code", "reason")),
    "email.unsubscribed": Shape("email-events", ("contact_id",), ("message_id", "step_id")),
    "email.complained": Shape("email-events", ("contact_id",), ("message_id", "step_id")),
    "engagement.reclassified": Shape("email-events", ("contact_id", "events", "machine")),
    "meeting.booked": Shape("meeting-events", ("contact_id", "meeting_id"), ("organizer", "message_id", "step_id", "triggers_unenroll")),
    "meeting.canceled": Shape("meeting-events", ("contact_id", "meeting_id")),
    "contact.updated": Shape("contact-events", ("contact_id",), ("name", "email", "company_id", "company_name")),
    "contact.erased": Shape("contact-events", ("contact_id",)),
    "sequence.defined": Shape("sequence-events", ("sequence_id", "name", "version", "steps"), ("created_at", "owner_id")),
    "sequence.archived": Shape("sequence-events", ("sequence_id",)),
    "dashboard.saved": Shape("dashboard-events", ("dashboard_id", "name", "cards")),
    "dashboard.deleted": Shape("dashboard-events", ("dashboard_id",)),
}
TYPES: tuple[str, ...] = tuple(SHAPES)

# Two rows of the contract use one field name for two things.
_CALLED = {"end_reason": "reason", "bounce_kind": "kind"}
END_REASONS = (
    *("replied", "meeting_booked", "bounced", "unsubscribed", "complained", "manual", "company_reply", "company_meeting"),
    *("sequence_deleted", "user_removed", "contact_deleted", "error"),
)
STEP_KINDS = ("automated_email", "manual_email", "call", "todo", "linkedin")


@cache
def ids(longest: int = 128) -> SearchStrategy[str]:
    """Ids: mostly short and alike, sometimes of any characters that are allowed, sometimes as long as they may be."""
    usual = st.sampled_from([f"{letter}-{number}" for letter in "csemx" for number in range(1, 6)])
    allowed = st.characters(exclude_categories=("Cc", "Cs"))
    return usual | usual | st.text(allowed, min_size=1, max_size=8) | allowed.map(lambda character: character * longest)


@cache
def plain_texts() -> SearchStrategy[str]:
    """Texts that are no ids: anything that UTF-8 can hold."""
    utf8 = st.characters(exclude_categories=["Cs"])
    return st.text(utf8, max_size=20)


@cache
def times() -> SearchStrategy[str]:
    """RFC 3339 in all its forms, from 2000 until `STAMPED_AT`."""
    zone = st.sampled_from(["Z", "z", "+00:00", "-00:00", "+02:00", "-11:30", "+23:59"])
    fraction = st.just("") | st.from_regex(r"\.[0-9]{1,12}", fullmatch=True)
    clock = st.builds("{:02}:{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
    day = st.dates(date(2000, 1, 2), date(2026, 3, 1)).map(str)
    usual = st.integers(0, 3_000).map(lambda seconds: f"2026-03-02T09:{seconds // 60:02}:{seconds % 60:02}Z")
    return usual | st.builds("{}{}{}{}{}".format, day, st.sampled_from("Tt"), clock, fraction, zone)


@cache
def steps() -> SearchStrategy[list[Json]]:
    step = st.fixed_dictionaries({"step_id": ids(), "order": st.integers(1, 9), "kind": st.sampled_from(STEP_KINDS), "name": plain_texts()})
    return st.lists(step, max_size=4, unique_by=(lambda step: step["step_id"], lambda step: step["order"]))


@cache
def cards() -> SearchStrategy[list[Json]]:
    values = st.none() | plain_texts() | st.lists(plain_texts(), max_size=3)
    names = st.sampled_from(["sequence_id", "team", "basis"]) | plain_texts()
    card = st.fixed_dictionaries(
        {"report": ids()},
        optional={"parameters": st.none() | st.dictionaries(names, values, max_size=3), "title": st.none() | plain_texts(), "x": ids()},
    )
    return st.lists(card, max_size=3)


@cache
def field(name: str) -> SearchStrategy[Json]:
    """Valid values of a field of `SHAPES`."""
    special: dict[str, SearchStrategy[Json]] = {
        "end_reason": st.sampled_from(END_REASONS),
        "bounce_kind": st.sampled_from(["hard", "soft"]),
        "sentiment": st.sampled_from(["positive", "neutral", "negative"]),
        "machine": st.booleans(),
        "triggers_unenroll": st.booleans(),
        "sequence_version": st.integers(-(2**63), 2**63 - 1),
        "version": st.integers(1, 5) | st.integers(1, 2**63 - 1),
        "steps": steps(),
        "cards": cards(),
        "events": st.lists(st.fixed_dictionaries({"source": ids(256), "id": ids()}), max_size=4),
    }
    if name in special:
        return special[name]
    if name.endswith("_at"):
        return times()
    return ids() if name.endswith("_id") or name in ("variant", "organizer", "enrolled_by") else plain_texts()


@cache
def data_of(type_name: str) -> SearchStrategy[dict[str, Json]]:
    """Valid `data` of one type. An optional field is given, null or absent."""
    shape = SHAPES[type_name]
    required = {_CALLED.get(name, name): field(name) for name in shape.required}
    optional = {name: st.none() | field(name) for name in shape.optional}
    optional["x_unknown"] = (
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.lists(plain_texts(), max_size=2)
    )
    data = st.fixed_dictionaries(required, optional=optional)
    if "contact_id" in required and "enrollment_id" not in required:
        pair = st.fixed_dictionaries({"enrollment_id": ids(), "sequence_id": ids()})
        data = st.builds(_united, data, st.just({}) | st.just({"enrollment_id": None}) | pair)
    if type_name in ("email.unsubscribed", "email.complained"):
        data = data.map(lambda given: given if _names_something(given) else given | {"message_id": "m-1"})
    return data


def _names_something(data: dict[str, Json]) -> bool:
    return data.get("message_id") is not None or data.get("enrollment_id") is not None


def _united(one: dict[str, Json], other: dict[str, Json]) -> dict[str, Json]:
    return one | other


def ordinary_data(type_name: str) -> dict[str, Json]:
    """Plain data of one type with every field, for tests that need just one event."""
    special: dict[str, Json] = {
        "end_reason": "manual",
        "bounce_kind": "hard",
        "sentiment": "neutral",
        "machine": False,
        "triggers_unenroll": True,
        "sequence_version": 3,
        "version": 3,
        "steps": [{"step_id": "st-1", "order": 1, "kind": "call", "name": "Call"}],
        "events": [{"source": "mailer", "id": "ev-1"}],
        "cards": [{"report": "steps", "parameters": {"sequence_id": "s-1", "team": ["t-1", "t-2"]}, "title": "Steps"}],
    }
    shape = SHAPES[type_name]
    names = dict.fromkeys((*(E if "contact_id" in shape.required else ()), *shape.required, *shape.optional))
    return {
        _CALLED.get(name, name): special.get(name, "2026-03-01T10:00:00Z" if name.endswith("_at") else f"{name.removesuffix('_id')}-1")
        for name in names
    }


@st.composite
def events(draw: st.DrawFn, types: Sequence[str] = TYPES) -> dict[str, Json]:
    """A valid event in the structured shape."""
    type_name = draw(st.sampled_from(types))
    event = {"type": type_name} | draw(_ENVELOPES) | {"data": draw(data_of(type_name))}
    return event if draw(st.booleans()) else dict(reversed(event.items()))


_ENVELOPES = st.fixed_dictionaries(
    {"specversion": st.just("1.0"), "id": ids(), "source": ids(256), "time": times()},
    optional={
        "account": st.none() | st.sampled_from(["default", "acme", "A.b_c-9", "x" * 64]),
        "subject": plain_texts(),
        "traceparent": ids(),
    },
)


def rarely() -> SearchStrategy[bool]:
    """True about one time in ten."""
    return st.sampled_from([False] * 9 + [True])


def topic_of(event: dict[str, Json]) -> str:
    """The topic of an event, or any topic where the type is none of ours."""
    shape = SHAPES.get(event["type"]) if isinstance(event.get("type"), str) else None
    return shape.topic if shape else "email-events"


def key_of(event: dict[str, Json]) -> bytes:
    """The record key of an event, as far as it can be told."""
    data = event["data"] if isinstance(event.get("data"), dict) else {}
    account = event.get("account") or "default"
    if topic_of(event) == "dashboard-events":
        return f"{account}".encode(errors="replace")
    key_id = data.get("sequence_id" if topic_of(event) == "sequence-events" else "contact_id")
    return f"{account}/{key_id}".encode(errors="replace")


def encode(event: dict[str, Json], encoding: Encoding, *, ascii_only: bool = False) -> tuple[bytes, Headers]:
    """The value and the headers of a record. An attribute that is no string has no place in a header, so its JSON text stands there."""

    def text(value: Json) -> bytes:
        return json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":")).encode(errors="surrogatepass")

    if encoding == "bare":
        return text(event), ()
    if encoding == "structured":
        return text(event), (("content-type", b"application/cloudevents+json; charset=utf-8"),)
    attributes = {name: value for name, value in event.items() if name != "data" and value is not None}
    headers = [
        (f"ce_{name}", value.encode(errors="surrogatepass") if isinstance(value, str) else text(value))
        for name, value in attributes.items()
    ]
    return text(event.get("data")), (("content-type", b"application/json"), *headers)
