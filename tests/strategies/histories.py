"""Small but nasty histories for hypothesis: everything shared, reused, out of order and on the edge.

`histories()` draws a list of events in the structured shape, each valid by the catalog. Times lie on a small grid around the turn
of a month, 24 hours apart and a millisecond beside, so that boundaries are hit often. Now and then an answer takes from seconds to
months, and a start is a month late. All are before `STAMPED_AT`, which serves as the log's own time. Equal identities are exact
copies. The order of the list is the order of arrival.

Without `ties`, no two events of one contact that compete (for the start, the end, the step, the pause, a message's sent event,
a reclassification) have equal times, nor two definitions of one sequence: what they decide is then settled by time alone.
Events of different kinds still meet: a reply at the very moment of the start, of the end, or 24 hours after it.

What to ask about a history is in `tests.strategies.calls`: `filters_for`, `calls_for`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

Event = dict[str, Any]
Draw = Callable[..., Any]

FIRST = datetime(2026, 3, 31, 21, tzinfo=UTC)
STAMPED_AT = int(datetime(2027, 6, 1, tzinfo=UTC).timestamp() * 1000)
"""A log's time in milliseconds at which every event of a history is in range."""
HOURS = 6
CONTACTS = ["c-1", "c-2", "c-3", "c-4"]
SEQUENCES = ["s-1", "s-2", "s-3"]
STEPS = ["st-1", "st-2", "st-3", "st-4"]
MESSAGES = ["m-1", "m-2", "m-3"]
DASHBOARDS = ["d-1", "d-2"]
USERS = ["u-1", "u-2"]
COMPANIES = ["co-1", "co-2"]
TEAMS = ["t-1", "t-2"]
VARIANTS = ["A", "B", "C"]
SENTIMENTS = ["positive", "neutral", "negative"]
KINDS = ["automated_email", "manual_email", "call", "todo", "linkedin"]
REASONS = [
    "replied",
    "meeting_booked",
    "bounced",
    "unsubscribed",
    "complained",
    "manual",
    "company_reply",
    "company_meeting",
    "sequence_deleted",
    "user_removed",
    "contact_deleted",
    "error",
]
OWN_REASONS = ["replied", "meeting_booked", "bounced"]
COMPETING = {
    "enrollment.scheduled": "schedule",
    "enrollment.started": "start",
    "enrollment.paused": "pause",
    "enrollment.resumed": "pause",
    "enrollment.finished": "end",
    "enrollment.unenrolled": "end",
    "enrollment.errored": "end",
    "step.executed": "step",
    "step.skipped": "step",
    "email.sent": "step",
    "engagement.reclassified": "reclassified",
    "sequence.defined": "definition",
}

HOUR = 3_600_000
EARLY = {"enrollment.scheduled": 1, "enrollment.started": 2}
"""Starts lie mostly in the first hours of the grid, so that something can happen after them."""
AT_EDGES = ("email.replied", "email.auto_replied", "meeting.booked", "email.bounced")
ANSWERS = ("email.opened", "email.clicked", "email.replied", "meeting.booked")

_day = st.sampled_from([0, 0, 0, 24])
_hour = st.integers(0, HOURS - 1)
_beside = st.sampled_from([0, 0, 0, 0, 1, -1])
_from_edge = st.sampled_from([0, HOUR, 24 * HOUR, 24 * HOUR + 1, 1, -1, 24 * HOUR, 24 * HOUR + 1, 24 * HOUR - 1])
_machine = st.sampled_from([None, None, False, True])
_to_answer = st.one_of(
    # The limits that a report of times may have, and a millisecond before them; then anything from seconds to months.
    st.sampled_from([minutes * HOUR // 60 - beside for minutes in (3, 15, 24, 60, 240, 720) for beside in (0, 1)]),
    st.sampled_from([days * 24 * HOUR - beside for days in (1, 2, 4, 8, 16, 32, 256) for beside in (0, 1)]),
    st.integers(0, 3600).map(lambda seconds: seconds * 1000),
    st.integers(0, 24 * 60).map(lambda minutes: minutes * HOUR // 60),
    st.integers(1, 300).map(lambda days: days * 24 * HOUR + 1),
)
"""Milliseconds until somebody answers."""
_late = st.sampled_from([*[0] * 20, 33 * 24 * HOUR])
"""A start that is so late leaves a month without any."""


@dataclass
class _Writer:
    """Draws what a history needs and keeps what was written, so that later events can point at it."""

    draw: Draw
    ties: bool
    runs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """contact -> its (sequence, enrollment) pairs"""
    events: list[Event] = field(default_factory=list)
    taken: set[tuple[str, str, int]] = field(default_factory=set)
    edges: dict[str, list[int]] = field(default_factory=dict)
    """contact -> when its enrollments start and end"""
    begun: dict[str, list[int]] = field(default_factory=dict)
    """contact -> when its enrollments start, and when something is sent"""

    def one_of(self, *values: Any) -> Any:
        return self.draw(st.sampled_from(values))

    def maybe(self, **choices: list[Any]) -> dict[str, Any]:
        """Each field absent, null, or one of its values."""
        drawn = {name: self.draw(st.sampled_from([..., None, *values, *values])) for name, values in choices.items()}
        return {name: value for name, value in drawn.items() if value is not ...}

    def instant(self, type_: str, subject: str) -> int:
        """Milliseconds after FIRST; moved to the next free place of the grid where an event competes and ties are not wanted."""
        time = int(self._drawn(type_, subject))
        contest = COMPETING.get(type_)
        if contest is not None and not self.ties:
            while (subject, contest, time) in self.taken:
                time += HOUR if time < 48 * HOUR else -48 * HOUR + 2
            self.taken.add((subject, contest, time))
        if contest in ("start", "end"):
            self.edges.setdefault(subject, []).append(time)
        if type_ in ("enrollment.started", "email.sent"):
            self.begun.setdefault(subject, []).append(time)
        return time

    def _drawn(self, type_: str, subject: str) -> Any:
        if type_ in ANSWERS and subject in self.begun and self.one_of(False, False, True):
            return self.one_of(*self.begun[subject]) + self.draw(_to_answer)
        if type_ in AT_EDGES and subject in self.edges and self.one_of(True, True, False):
            return self.one_of(*self.edges[subject]) + self.draw(_from_edge)
        if type_ in EARLY and self.one_of(True, True, True, False):
            return self.draw(st.integers(0, EARLY[type_])) * HOUR + self.draw(_late)
        return (self.draw(_day) + self.draw(_hour)) * HOUR + self.draw(_beside)

    def add(self, type_: str, data: dict[str, Any], at: int | None = None) -> Event:
        """`at` places an event that competes with nothing."""
        subject = data.get("contact_id") or data.get("sequence_id") or data["dashboard_id"]
        number = len(self.events)
        event = {
            "specversion": "1.0",
            # Two sources use the same ids for different events.
            "id": f"id-{number // 2}",
            "source": ("mailer", "tracker")[number % 2],
            "type": type_,
            "time": self.written(self.instant(type_, subject) if at is None else at),
            "data": data,
        }
        self.events.append(event)
        return event

    def written(self, instant: int) -> str:
        """The same moment at different offsets and precisions; what is below the millisecond is cut by the reader."""
        moment = (FIRST + timedelta(milliseconds=instant)).astimezone(self.one_of(UTC, UTC, timezone(timedelta(hours=5, minutes=30))))
        millisecond = moment.microsecond // 1000
        text = moment.strftime("%Y-%m-%dT%H:%M:%S")
        fraction = f".{millisecond:03d}{self.one_of('', '', '9', '000')}" if millisecond else self.one_of("", "", "", ".0009")
        return f"{text}{fraction}{'Z' if moment.tzinfo is UTC else '+05:30'}"

    def enrollment(self, contact: str) -> dict[str, Any]:
        sequence, enrollment = self.one_of(*self.runs[contact])
        return {"contact_id": contact, "sequence_id": sequence, "enrollment_id": enrollment}

    def stranger(self, contact: str) -> dict[str, Any]:
        """An enrollment that may never be started."""
        return {"contact_id": contact, "sequence_id": self.one_of(*SEQUENCES), "enrollment_id": self.one_of("e-1", "e-2", "e-3")}

    def message(self, contact: str) -> str:
        """Mostly one that was sent to the contact."""
        sent = [event["data"] for event in self.events if event["type"] == "email.sent"]
        own = sorted({data["message_id"] for data in sent if data["contact_id"] == contact})
        return str(self.one_of(*own, *own, *MESSAGES))

    def named(self, contact: str, *, message: bool) -> dict[str, Any]:
        """A message, an enrollment, both (perhaps in conflict), or, unless a message is required, neither."""
        naming = (
            self.one_of("message", "message", "both", "both")
            if message
            else self.one_of("message", "enrollment", "both", "neither", "neither")
        )
        data: dict[str, Any] = {"contact_id": contact}
        if naming in ("message", "both"):
            data["message_id"] = self.message(contact)
        if naming in ("enrollment", "both"):
            data |= self.enrollment(contact) if self.one_of(True, True, True, False) else self.stranger(contact)
        if "enrollment_id" not in data and self.one_of(False, False, True):
            data |= {"enrollment_id": None, "sequence_id": None}
        if self.one_of(False, False, True):
            data["step_id"] = self.one_of(*STEPS)
        return data


def _attributes(writer: _Writer) -> dict[str, Any]:
    return writer.maybe(enrolled_by=USERS, company_id=COMPANIES, team_id=TEAMS, variant=VARIANTS, sequence_version=[1, 2])


def _run(writer: _Writer, contact: str, run: tuple[str, str]) -> None:
    """The mailer's own words on one enrollment: mostly in order, now and then without a start, or with a second end."""
    naming = {"contact_id": contact, "sequence_id": run[0], "enrollment_id": run[1]}
    if writer.one_of(False, False, True):
        writer.add("enrollment.scheduled", naming | _attributes(writer) | writer.maybe(start_at=["2026-03-31T22:00:00Z"]))
    for _ in range(writer.one_of(1, 1, 1, 0, 2)):
        writer.add("enrollment.started", naming | _attributes(writer))
    for _ in range(writer.one_of(1, 0, 2)):
        message = {"message_id": writer.one_of(*MESSAGES), "step_id": writer.one_of(*STEPS)}
        writer.add("email.sent", naming | message | writer.maybe(variant=VARIANTS))
    for _ in range(writer.one_of(0, 1, 0, 1, 0, 1, 2)):
        _end(writer, naming)


def _end(writer: _Writer, naming: dict[str, Any]) -> None:
    kind = writer.one_of("unenrolled", "unenrolled", "unenrolled", "finished", "errored")
    if kind == "unenrolled":
        reason = writer.one_of(*OWN_REASONS, *OWN_REASONS, *REASONS)
        writer.add("enrollment.unenrolled", naming | {"reason": reason} | writer.maybe(message_id=MESSAGES))
        if reason in OWN_REASONS:
            _aftermath(writer, naming, reason)
    else:
        writer.add(f"enrollment.{kind}", naming | ({"error": "no sender"} if kind == "errored" else {}))


def _aftermath(writer: _Writer, naming: dict[str, Any], reason: str) -> None:
    """What the end was about, or another kind of it, at an edge of the day after the latest end."""
    at = writer.edges[naming["contact_id"]][-1] + writer.draw(_from_edge)
    happened = writer.one_of(None, reason, reason, *OWN_REASONS)
    who = naming if writer.one_of(True, True, False) else {"contact_id": naming["contact_id"]}
    if happened == "replied":
        writer.add("email.replied", who, at)
    elif happened == "meeting_booked":
        writer.add("meeting.booked", who | {"meeting_id": "mt-1"} | writer.maybe(organizer=USERS), at)
    elif happened == "bounced":
        writer.add("email.bounced", naming | {"message_id": writer.one_of(*MESSAGES), "kind": "hard"}, at)


def _pause(writer: _Writer, contact: str) -> None:
    writer.add(writer.one_of("enrollment.paused", "enrollment.paused", "enrollment.resumed"), writer.enrollment(contact))


def _scheduled(writer: _Writer, contact: str) -> None:
    writer.add("enrollment.scheduled", writer.stranger(contact) | _attributes(writer))


def _step(writer: _Writer, contact: str) -> None:
    naming = writer.enrollment(contact) | {"step_id": writer.one_of(*STEPS)}
    writer.add(writer.one_of("step.executed", "step.executed", "step.skipped", "task.completed"), naming)


def _sent(writer: _Writer, contact: str) -> None:
    writer.add("email.sent", writer.enrollment(contact) | {"message_id": writer.one_of(*MESSAGES), "step_id": writer.one_of(*STEPS)})


def _delivery(writer: _Writer, contact: str) -> None:
    kind = writer.one_of("email.delivered", "email.delivered", "email.delivered", "email.deferred", "email.dropped")
    writer.add(kind, writer.named(contact, message=True))


def _answered(writer: _Writer, contact: str) -> None:
    """One e-mail from its sending to what came of it, each at its own pace."""
    naming = writer.enrollment(contact)
    message = {"message_id": writer.one_of(*MESSAGES)}
    writer.add("email.sent", naming | message | {"step_id": writer.one_of(*STEPS)})
    sent = writer.begun[contact][-1]
    by_message, by_enrollment = {"contact_id": contact} | message, naming | message
    if writer.one_of(True, True, False):
        writer.add("email.delivered", by_message, sent + 1)
    for type_ in writer.draw(st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=3)):
        said: dict[str, Any] = {}
        if type_ in ("email.opened", "email.clicked"):
            said = writer.maybe(machine=[True, False])
        elif type_ == "email.replied":
            said = writer.maybe(sentiment=SENTIMENTS)
        elif type_ == "meeting.booked":
            said = {"meeting_id": writer.one_of("mt-1", "mt-2")}
        writer.add(type_, writer.one_of(by_message, by_enrollment) | said, sent + writer.draw(_to_answer))


def _touch(writer: _Writer, contact: str) -> None:
    data = writer.named(contact, message=True)
    machine = writer.draw(_machine)
    writer.add(writer.one_of("email.opened", "email.opened", "email.clicked"), data | ({} if machine is None else {"machine": machine}))


def _reply(writer: _Writer, contact: str) -> None:
    kind = writer.one_of("email.replied", "email.replied", "email.replied", "email.auto_replied")
    writer.add(kind, writer.named(contact, message=False) | writer.maybe(sentiment=SENTIMENTS))


def _meeting(writer: _Writer, contact: str) -> None:
    meeting = {"meeting_id": writer.one_of("mt-1", "mt-1", "mt-2")}
    if writer.one_of(False, False, True):
        writer.add("meeting.canceled", {"contact_id": contact} | meeting)
    else:
        trigger = writer.draw(_machine)
        said = {} if trigger is None else {"triggers_unenroll": trigger}
        writer.add("meeting.booked", writer.named(contact, message=False) | meeting | writer.maybe(organizer=USERS) | said)


def _bounce(writer: _Writer, contact: str) -> None:
    writer.add("email.bounced", writer.named(contact, message=True) | {"kind": writer.one_of("hard", "soft")})


def _opt_out(writer: _Writer, contact: str) -> None:
    naming = writer.named(contact, message=True) if writer.one_of(True, False) else writer.enrollment(contact)
    writer.add(writer.one_of("email.unsubscribed", "email.complained"), naming)


def _reclassified(writer: _Writer, contact: str) -> None:
    """Mostly of the contact's own opens and clicks; else another's, another kind of event, or one never seen."""
    touches = [event for event in writer.events if event["type"] in ("email.opened", "email.clicked")]
    own = [event for event in touches if event["data"]["contact_id"] == contact]
    pool = own or touches or writer.events
    targets = [
        writer.one_of(*pool) if writer.one_of(True, True, True, False) else writer.one_of(*writer.events)
        for _ in range(writer.one_of(1, 2, 0))
    ]
    named = [{"source": event["source"], "id": event["id"]} for event in targets]
    if writer.one_of(False, False, True):
        named.append({"source": writer.one_of("mailer", "scanner"), "id": "never-seen"})
    writer.add("engagement.reclassified", {"contact_id": contact, "machine": writer.one_of(True, False), "events": named})


def _profile(writer: _Writer, contact: str) -> None:
    if writer.one_of(False, False, True):
        writer.add("contact.erased", {"contact_id": contact})
    else:
        said = writer.maybe(name=["Ann", "Ben"], email=["ann@example.com"], company_id=COMPANIES, company_name=["One", "Two"])
        writer.add("contact.updated", {"contact_id": contact} | said)


def _definition(writer: _Writer, _: str) -> None:
    sequence = writer.one_of(*SEQUENCES)
    if writer.one_of(False, False, False, True):
        writer.add("sequence.archived", {"sequence_id": sequence})
        return
    ids = writer.draw(st.lists(st.sampled_from(STEPS), unique=True, max_size=4))
    orders = writer.draw(st.lists(st.integers(1, 6), unique=True, min_size=len(ids), max_size=len(ids)))
    steps = [
        {"step_id": one, "order": order, "kind": writer.one_of(*KINDS), "name": f"Step {one}"}
        for one, order in zip(ids, orders, strict=True)
    ]
    # The name tells which of several definitions was taken.
    said: dict[str, Any] = {
        "sequence_id": sequence,
        "name": f"Definition {len(writer.events)}",
        "version": writer.one_of(1, 2),
        "steps": steps,
    }
    writer.add("sequence.defined", said | writer.maybe(created_at=["2026-01-01T00:00:00+01:00"], owner_id=USERS))


def _dashboard(writer: _Writer, _: str) -> None:
    dashboard = {"dashboard_id": writer.one_of(*DASHBOARDS)}
    if writer.one_of(False, False, True):
        writer.add("dashboard.deleted", dashboard)
        return
    parameters = writer.maybe(sequence_id=[*SEQUENCES], team=[TEAMS, TEAMS[:1], TEAMS[1]])
    card = {"report": "steps", "parameters": parameters} | writer.maybe(title=["Steps"])
    writer.add("dashboard.saved", dashboard | {"name": writer.one_of("One", "Two"), "cards": [card] * writer.one_of(0, 1, 2)})


_ANYTHING = [
    *[_answered] * 4,
    *[_touch] * 4,
    *[_reply] * 4,
    *[_sent] * 2,
    *[_step] * 2,
    *[_delivery] * 2,
    *[_meeting] * 3,
    *[_bounce] * 2,
    *[_opt_out],
    *[_pause],
    *[_scheduled],
    *[_reclassified] * 2,
    *[_profile],
    *[_definition] * 2,
    *[_dashboard],
]


@st.composite
def histories(draw: Draw, ties: bool = False, most: int = 20) -> list[Event]:
    """1-4 contacts with 1-3 enrollments each, and up to `most` further events, then copies and another account, in any order."""
    writer = _Writer(draw, ties)
    contacts = CONTACTS[: writer.one_of(1, 2, 2, 3, 4)]
    for contact in contacts:
        run = st.tuples(st.sampled_from(SEQUENCES[:2] if contact != "c-3" else SEQUENCES), st.sampled_from(["e-1", "e-2"]))
        writer.runs[contact] = draw(st.lists(run, unique=True, min_size=1, max_size=3))
        for one in writer.runs[contact]:
            _run(writer, contact, one)
    if not writer.events:
        _sent(writer, contacts[0])
    for _ in range(writer.one_of(0, 1, 2)):
        _definition(writer, contacts[0])
    for happen in draw(st.lists(st.sampled_from(_ANYTHING), min_size=min(most, writer.one_of(0, 6, 12)), max_size=most)):
        happen(writer, writer.one_of(*contacts))
    copies = draw(st.lists(st.sampled_from(writer.events), max_size=3))
    elsewhere = [event | {"account": "other"} for event in draw(st.lists(st.sampled_from(writer.events), unique_by=id, max_size=2))]
    said = [
        event | {"account": draw(st.sampled_from(["default", None]))} if draw(st.integers(0, 9)) == 0 else event for event in writer.events
    ]
    return list(draw(st.permutations([*said, *copies, *elsewhere])))
