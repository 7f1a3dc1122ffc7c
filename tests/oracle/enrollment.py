"""Section 2: everything that is true of one enrollment, worked out from all facts of its account."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.catalogue import sequence
from tests.oracle.resolve import Fact, History, Key, earliest, enrollment_keys, is_machine, latest, of_type, resolved, step_of
from tests.oracle.times import HOUR

ATTRIBUTES = ("enrolled_by", "company_id", "team_id", "variant", "sequence_version")
OUTCOMES = ("active", "paused", "meeting", "replied", "unsubscribed", "complained", "bounced", "errored", "company_stop", "no_response")
OWN_REASON = {"reply": "replied", "meeting": "meeting_booked", "bounce": "bounced"}


@dataclass(eq=False)
class Enrollment:
    contact_id: str
    sequence_id: str
    enrollment_id: str
    own: list[Fact] = field(default_factory=list)
    """Every fact that belongs to this enrollment by 1.2."""
    started_at: int | None = None
    implicit_start: bool = False
    attributes: Mapping[str, Any] = field(default_factory=dict)
    end: Fact | None = None
    second_ends: int = 0
    status: str = "orphan"
    """active, paused, finished, unenrolled, errored; scheduled, canceled or orphan when not started."""
    outcome: str | None = None
    current_step: str | None = None
    next_step: str | None = None
    last_engaged_at: int | None = None
    opens: list[Fact] = field(default_factory=list)
    machine_opens: list[Fact] = field(default_factory=list)
    clicks: list[Fact] = field(default_factory=list)
    machine_clicks: list[Fact] = field(default_factory=list)
    replies: list[Fact] = field(default_factory=list)
    late_replies: list[Fact] = field(default_factory=list)
    auto_replies: list[Fact] = field(default_factory=list)
    meetings: list[Fact] = field(default_factory=list)
    canceled_meetings: set[str] = field(default_factory=set)
    bounces: list[Fact] = field(default_factory=list)
    bounces_enrolled: list[Fact] = field(default_factory=list)
    flags: dict[str, bool] = field(default_factory=dict)
    credits: dict[str, dict[str | None, int]] = field(default_factory=dict)
    """Kind (open, machine_open, click, machine_click, reply, meeting, bounce) -> step -> events credited to it."""

    @property
    def started(self) -> bool:
        return self.started_at is not None

    @property
    def live(self) -> bool:
        return self.status in ("active", "paused")

    @property
    def ended_at(self) -> int | None:
        return None if self.end is None else self.end.time

    @property
    def reason(self) -> str | None:
        return None if self.end is None else self.end.data.get("reason")

    def of(self, *types: str) -> list[Fact]:
        return of_type(self.own, *types)

    def messages(self, *types: str) -> set[str]:
        return {fact.data["message_id"] for fact in self.of(*types) if fact.names_message}

    def while_enrolled(self, instant: int, kind: str) -> bool:
        """Rule 5."""
        if self.started_at is None or instant < self.started_at:
            return False
        if self.end is None or instant <= self.end.time:
            return True
        return kind in OWN_REASON and self.reason == OWN_REASON[kind] and instant <= self.end.time + 24 * HOUR

    def executed_steps(self) -> list[Fact]:
        return self.of("step.executed", "email.sent")


def enrollment(known: History, key: Key) -> Enrollment:
    contact_id, _, _ = key
    of_contact = [fact for fact in known.facts if fact.data.get("contact_id") == contact_id]
    one = Enrollment(*key, own=[fact for fact in of_contact if resolved(known, fact) == key])
    _run(one)
    _opens_and_clicks(one, known)
    _replies(one, of_contact)
    _meetings(one, of_contact)
    # Rule 9.
    one.bounces = one.of("email.bounced")
    one.bounces_enrolled = [fact for fact in one.bounces if one.while_enrolled(fact.time, "bounce")]
    _flags(one)
    _outcome(one)
    _steps(one, known)
    # Rule 16.
    engaging = [*one.opens, *one.clicks, *one.replies, *one.meetings]
    one.last_engaged_at = max((fact.time for fact in engaging), default=None)
    return one


def _run(one: Enrollment) -> None:
    # Rule 1: the earliest started event, else an implicit start; attributes whole from one event.
    start = earliest(one.of("enrollment.started"))
    implicit = earliest(one.executed_steps())
    scheduled = earliest(one.of("enrollment.scheduled"))
    first = start or implicit
    one.started_at = None if first is None else first.time
    one.implicit_start = start is None and implicit is not None
    described = start or scheduled
    one.attributes = {name: None if described is None else described.data.get(name) for name in ATTRIBUTES}
    # Rule 3: the earliest end decides, even one before the start.
    ends = one.of("enrollment.finished", "enrollment.unenrolled", "enrollment.errored")
    one.end = earliest(ends)
    one.second_ends = max(0, len(ends) - 1)
    if first is None:
        # Rule 2.
        one.status = "orphan" if scheduled is None else "scheduled" if one.end is None else "canceled"
    elif one.end is not None:
        one.status = one.end.type.removeprefix("enrollment.")
    else:
        # Rule 4.
        pausing = latest(one.of("enrollment.paused", "enrollment.resumed"))
        one.status = "paused" if pausing is not None and pausing.type == "enrollment.paused" else "active"


def _opens_and_clicks(one: Enrollment, known: History) -> None:
    # Rule 6: whenever they happened.
    for fact in one.of("email.opened"):
        (one.machine_opens if is_machine(known, fact) else one.opens).append(fact)
    for fact in one.of("email.clicked"):
        (one.machine_clicks if is_machine(known, fact) else one.clicks).append(fact)


def _replies(one: Enrollment, of_contact: list[Fact]) -> None:
    # Rule 7: a reply that names neither concerns each started enrollment it falls into; one that names is late outside rule 5.
    for fact in of_type(of_contact, "email.replied"):
        if fact in one.own:
            (one.replies if one.while_enrolled(fact.time, "reply") else one.late_replies).append(fact)
        elif fact.names_neither and one.while_enrolled(fact.time, "reply"):
            one.replies.append(fact)
    # Totals of section 5; the 24 hours of rule 5 do not serve auto replies.
    one.auto_replies = [
        fact
        for fact in of_type(of_contact, "email.auto_replied")
        if fact in one.own or (fact.names_neither and one.while_enrolled(fact.time, "auto_reply"))
    ]


def _meetings(one: Enrollment, of_contact: list[Fact]) -> None:
    # Rule 8.
    for fact in of_type(of_contact, "meeting.booked"):
        if not (fact in one.own or fact.names_neither) or not one.while_enrolled(fact.time, "meeting"):
            continue
        if "triggers_unenroll" in fact.data:
            counts = bool(fact.data["triggers_unenroll"])
        elif not fact.names_neither:
            counts = True
        else:
            counts = "organizer" in fact.data and fact.data["organizer"] == one.attributes["enrolled_by"]
        if counts:
            one.meetings.append(fact)
    canceled = {fact.data["meeting_id"] for fact in of_type(of_contact, "meeting.canceled")}
    one.canceled_meetings = {fact.data["meeting_id"] for fact in one.meetings} & canceled


def _flags(one: Enrollment) -> None:
    reason = one.reason
    answered = any(fact.names_message for fact in one.of("email.replied"))
    flags = {
        "opened": bool(one.opens),  # rule 6
        "opened_any": bool(one.opens or one.machine_opens),
        "clicked": bool(one.clicks),
        "clicked_any": bool(one.clicks or one.machine_clicks),
        "replied": bool(one.replies) or reason == "replied",  # rule 7
        "replied_to_sequence": answered or (reason == "replied" and one.end is not None and one.end.names_message),
        "met": bool(one.meetings) or reason == "meeting_booked",  # rule 8
        "bounced": bool(one.bounces_enrolled) or reason == "bounced",  # rule 9
        "unsubscribed": bool(one.of("email.unsubscribed")) or reason == "unsubscribed",  # rule 10
        "complained": bool(one.of("email.complained")) or reason == "complained",
    }
    # Rule 11, and what opens=all makes of it.
    touched = flags["replied"] or flags["met"]
    flags["engaged"] = flags["opened"] or flags["clicked"] or touched
    flags["engaged_any"] = flags["opened_any"] or flags["clicked_any"] or touched
    one.flags = flags


def _outcome(one: Enrollment) -> None:
    # Rule 12: exactly one for each started enrollment.
    if not one.started:
        return
    if one.live:
        one.outcome = one.status
        return
    applies = [
        ("meeting", one.flags["met"]),
        ("replied", one.flags["replied"]),
        ("unsubscribed", one.flags["unsubscribed"]),
        ("complained", one.flags["complained"]),
        ("bounced", one.flags["bounced"]),
        ("errored", one.status == "errored" or one.reason == "error"),
        ("company_stop", one.reason in ("company_reply", "company_meeting")),
        ("no_response", True),
    ]
    one.outcome = next(outcome for outcome, true in applies if true)


def _steps(one: Enrollment, known: History) -> None:
    # Rule 13.
    touched = latest(one.of("step.executed", "step.skipped", "email.sent"))
    one.current_step = None if touched is None else touched.data["step_id"]
    one.next_step = None if one.end is not None else sequence(known, one.sequence_id).next_step(one.current_step)
    # Rule 14.
    one.credits = {
        "open": _counted(step_of(known, fact) for fact in one.opens),
        "machine_open": _counted(step_of(known, fact) for fact in one.machine_opens),
        "click": _counted(step_of(known, fact) for fact in one.clicks),
        "machine_click": _counted(step_of(known, fact) for fact in one.machine_clicks),
        "reply": _counted(step_or_last(one, known, fact) for fact in one.replies),
        "meeting": _counted(step_or_last(one, known, fact) for fact in one.meetings),
        "bounce": _counted(step_of(known, fact) for fact in one.bounces_enrolled),
    }


def step_or_last(one: Enrollment, known: History, fact: Fact) -> str | None:
    step = step_of(known, fact)
    if step is not None:
        return step
    before = latest(done for done in one.executed_steps() if done.time <= fact.time)
    return None if before is None else str(before.data["step_id"])


def _counted(steps: Iterable[str | None]) -> dict[str | None, int]:
    counts: dict[str | None, int] = {}
    for step in steps:
        counts[step] = counts.get(step, 0) + 1
    return counts


def all_enrollments(known: History) -> list[Enrollment]:
    return [enrollment(known, key) for key in enrollment_keys(known)]
