"""Facts -> what is true of each enrollment. The one place of the rules of semantics.md section 2; rule numbers refer to it.

Everything here is a pure function of the set of facts. Where two facts compete with equal times, `content_order` decides.
"""

from typing import Any, Final

from projections import meaning
from projections.contact import Contact, Fact
from projections.facts import (
    AUTO_REPLIED,
    BOOKED,
    BOUNCED,
    CANCELED,
    CLICKED,
    COMPLAINED,
    DEFERRED,
    DELIVERED,
    DROPPED,
    ERRORED,
    EXECUTED,
    FINISHED,
    NONE,
    OPENED,
    PAUSED,
    RECLASSIFIED,
    REPLIED,
    SCHEDULED,
    SENT,
    SKIPPED,
    STARTED,
    TASK_COMPLETED,
    UNENROLLED,
    UNSUBSCRIBED,
    content_order,
)
from projections.meaning import OUTCOME_CODES, REASON_CODES, TOTALS
from projections.names import Names

_DAY: Final = 24 * 60 * 60 * 1000
_NO_ATTRIBUTES: Final = (0, 0, 0, 0)
_NO_TOTALS: Final = (0,) * len(TOTALS)

_LONG_AGO: Final = -(1 << 60)
"""Earlier than any time."""

_REPLIED: Final = REASON_CODES["replied"]
_MEETING_BOOKED: Final = REASON_CODES["meeting_booked"]
_BOUNCED: Final = REASON_CODES["bounced"]
_ERROR: Final = REASON_CODES["error"]
_ENDED: Final = {FINISHED: meaning.FINISHED, UNENROLLED: meaning.UNENROLLED, ERRORED: meaning.ERRORED}
_COMPANY_REASONS: Final = (REASON_CODES["company_reply"], REASON_CODES["company_meeting"])
_FLAGS_OF_REASONS: Final = {
    _REPLIED: meaning.REPLIED,
    _MEETING_BOOKED: meaning.MET,
    _BOUNCED: meaning.BOUNCED,
    REASON_CODES["unsubscribed"]: meaning.UNSUBSCRIBED,
    REASON_CODES["complained"]: meaning.COMPLAINED,
}
"""The ends that say by themselves what happened: rules 7-10."""

_OUTCOME_ACTIVE: Final = OUTCOME_CODES["active"]
_OUTCOME_PAUSED: Final = OUTCOME_CODES["paused"]
_OUTCOME_OF_FLAGS: Final = (
    (meaning.MET, OUTCOME_CODES["meeting"]),
    (meaning.REPLIED, OUTCOME_CODES["replied"]),
    (meaning.UNSUBSCRIBED, OUTCOME_CODES["unsubscribed"]),
    (meaning.COMPLAINED, OUTCOME_CODES["complained"]),
    (meaning.BOUNCED, OUTCOME_CODES["bounced"]),
)
_OUTCOME_ERRORED: Final = OUTCOME_CODES["errored"]
_OUTCOME_COMPANY_STOP: Final = OUTCOME_CODES["company_stop"]
_OUTCOME_NO_RESPONSE: Final = OUTCOME_CODES["no_response"]


class EnrollmentView:
    """What is true of one enrollment. Times are ms since 1970 UTC; ids are names codes (0 = null); codes and bits are those of
    `projections.meaning`.

    An enrollment that has not started has no `started_at` and no `outcome`; what else is known of it is shown, but counts nowhere.
    """

    __slots__ = (
        "attributes",
        "ended_at",
        "flags",
        "implicit_start",
        "last_engaged_at",
        "messages",
        "outcome",
        "reason",
        "second_ends",
        "sent_steps",
        "started_at",
        "status",
        "step",
        "steps",
        "totals",
    )

    def __init__(self) -> None:
        self.status = meaning.ORPHAN
        self.reason = 0
        self.outcome: int | None = None
        self.attributes: tuple[int, ...] = _NO_ATTRIBUTES  # enrolled_by, company, team, variant
        self.started_at: int | None = None
        self.ended_at: int | None = None
        self.last_engaged_at: int | None = None
        self.flags = 0
        self.step = 0
        self.totals: tuple[int, ...] = _NO_TOTALS
        self.messages: dict[int, int] = {}  # message (its position) -> bits of MESSAGE_FACTS
        self.steps: dict[int, int] = {}  # step -> bits of STEP_FACTS
        self.sent_steps: set[tuple[int, int]] = set()  # (message, step) of every send
        self.implicit_start = False
        self.second_ends = 0

    @property
    def started(self) -> bool:
        return self.status >= meaning.FIRST_STARTED


class ContactView:
    """What is true of one contact: a view for each of `Contact.enrollments`, in their order, and how many events wait for their message."""

    __slots__ = ("enrollments", "waiting")

    def __init__(self, enrollments: list[EnrollmentView], waiting: int) -> None:
        self.enrollments = enrollments
        self.waiting = waiting


def view(contact: Contact, names: Names) -> ContactView:
    """The view of a contact, from nothing but its facts."""
    belonging: list[list[Fact]] = [[] for _ in contact.enrollments]
    unnamed: list[Fact] = []
    reclassifications: list[Fact] = []
    common = _Common(contact, names)
    sent_events = common.sent_events
    waiting = 0
    for fact in contact.facts:
        kind: int = fact[0]
        enrollment: int = fact[3]
        if enrollment != NONE:
            belonging[enrollment].append(fact)
            if kind == SENT:
                known = sent_events.get(fact[4])
                if known is None or common.precedes(fact, known):
                    sent_events[fact[4]] = fact
        elif kind == RECLASSIFIED:
            reclassifications.append(fact)
        elif kind == CANCELED:
            common.canceled.add(fact[6])
        else:
            unnamed.append(fact)
    for fact in unnamed:  # 1.2 Resolving
        if fact[4] == NONE:
            common.loose.append(fact)
        elif (sent := sent_events.get(fact[4])) is not None:
            belonging[sent[3]].append(fact)
        else:
            waiting += 1
    if reclassifications:  # rule 6: the latest decides; equal times by identity
        reclassifications.sort(key=lambda fact: (fact[1], fact[2]))
        for fact in reclassifications:
            machine, *identities = fact[6]
            common.verdicts.update(dict.fromkeys(identities, machine))
    return ContactView([_enrollment_view(common, facts) for facts in belonging], waiting)


class _Common:
    """What the enrollments of a contact have in common."""

    __slots__ = ("base", "canceled", "contact", "loose", "names", "sent_events", "verdicts")

    def __init__(self, contact: Contact, names: Names) -> None:
        self.contact = contact
        self.names = names
        self.base: int = contact.base
        self.loose: list[Fact] = []  # replies and meetings that name neither enrollment nor message
        self.sent_events: dict[int, Fact] = {}  # message -> its sent event
        self.verdicts: dict[int, int] = {}  # identity of a reclassified open or click -> 1 if it is a machine's
        self.canceled: set[int] = set()  # meetings

    def precedes(self, one: Fact, other: Fact) -> bool:
        """Whether a fact is earlier than another; of equal times, whether its content is the lesser."""
        if one[1] != other[1]:
            return bool(one[1] < other[1])
        if one[0] != other[0]:  # what the content is compared by first
            return bool(one[0] < other[0])
        return content_order(self.contact, one, self.names) < content_order(self.contact, other, self.names)


def _enrollment_view(common: _Common, facts: list[Fact]) -> EnrollmentView:
    started: Fact | None = None
    scheduled: Fact | None = None
    implicit: Fact | None = None
    ended: Fact | None = None
    paused: Fact | None = None
    latest_step: Fact | None = None
    later: list[Fact] = []  # what can only be judged once start and end are known
    ends = 0
    seen = EnrollmentView()
    messages, steps = seen.messages, seen.steps
    for fact in facts:
        kind: int = fact[0]
        if kind > SENT:
            later.append(fact)
        elif kind >= EXECUTED:
            if latest_step is None or common.precedes(latest_step, fact):
                latest_step = fact
            step: int = fact[5]
            if kind == SKIPPED:
                steps[step] = steps.get(step, 0) | meaning.STEP_SKIPPED
                continue
            steps[step] = steps.get(step, 0) | meaning.STEP_EXECUTED
            if implicit is None or fact[1] < implicit[1]:
                implicit = fact
            if kind == SENT:
                message: int = fact[4]
                messages[message] = messages.get(message, 0) | meaning.MESSAGE_SENT
                seen.sent_steps.add((message, step))
        elif kind == STARTED:
            if started is None or common.precedes(fact, started):
                started = fact
        elif kind == SCHEDULED:
            if scheduled is None or common.precedes(fact, scheduled):
                scheduled = fact
        elif kind >= FINISHED:
            ends += 1
            if ended is None or common.precedes(fact, ended):
                ended = fact
        elif paused is None or common.precedes(paused, fact):
            paused = fact

    seen.second_ends = max(0, ends - 1)
    described = started or scheduled
    if described is not None:  # rule 1
        seen.attributes = described[6]
    replied_by_message = 0
    if ended is not None:
        seen.ended_at = ended[1] + common.base
        if ended[0] == UNENROLLED:
            seen.reason, replied_by_message = divmod(ended[6], 2)
    first = started or implicit
    if first is None:  # rule 2
        if scheduled is not None:
            seen.status = meaning.SCHEDULED if ended is None else meaning.CANCELED
    else:
        seen.implicit_start = started is None
        seen.started_at = first[1] + common.base
        if ended is None:  # rule 4
            seen.status = meaning.PAUSED if paused is not None and paused[0] == PAUSED else meaning.ACTIVE
        else:  # rule 3
            seen.status = _ENDED[ended[0]]
    if latest_step is not None:  # rule 13
        seen.step = latest_step[5]

    _judge(seen, common, facts, later)

    seen.flags |= _FLAGS_OF_REASONS.get(seen.reason, 0)
    if replied_by_message and seen.reason == _REPLIED:
        seen.flags |= meaning.REPLIED_TO_SEQUENCE
    if first is not None:
        seen.outcome = _outcome(seen.status, seen.reason, seen.flags)
    return seen


def _judge(seen: EnrollmentView, common: _Common, facts: list[Fact], later: list[Fact]) -> None:
    """Rules 5-11, 14 and 16: flags, totals, messages and steps."""
    messages, steps = seen.messages, seen.steps
    sent_events, verdicts, base = common.sent_events, common.verdicts, common.base
    flags = 0
    engaged = _LONG_AGO
    deferred: set[int] = set()
    dropped: set[int] = set()
    opens = clicks = machine_opens = machine_clicks = replies = auto_replies = late_replies = 0
    hard = soft = unsubscribes = complaints = tasks = 0
    meetings: set[int] = set()

    for fact in later:
        kind: int = fact[0]
        time: int = fact[1] + base
        message: int = fact[4]
        step: int = fact[5]
        detail: Any = fact[6]
        if not step and message != NONE and (sent_event := sent_events.get(message)) is not None:
            step = sent_event[5]
        step_facts = message_facts = 0
        if kind == DELIVERED:
            message_facts = meaning.MESSAGE_DELIVERED
        elif kind == OPENED:  # rule 6
            if verdicts.get(fact[2], detail) if verdicts else detail:
                machine_opens += 1
                flags |= meaning.OPENED_ANY
                message_facts, step_facts = meaning.MESSAGE_OPENED_ANY, meaning.STEP_OPENED_ANY
            else:
                opens += 1
                flags |= meaning.OPENED | meaning.OPENED_ANY
                message_facts = meaning.MESSAGE_OPENED | meaning.MESSAGE_OPENED_ANY
                step_facts = meaning.STEP_OPENED | meaning.STEP_OPENED_ANY
                if time > engaged:
                    engaged = time
        elif kind == CLICKED:
            if verdicts.get(fact[2], detail) if verdicts else detail:
                machine_clicks += 1
                flags |= meaning.CLICKED_ANY
                message_facts, step_facts = meaning.MESSAGE_CLICKED_ANY, meaning.STEP_CLICKED_ANY
            else:
                clicks += 1
                flags |= meaning.CLICKED | meaning.CLICKED_ANY
                message_facts = meaning.MESSAGE_CLICKED | meaning.MESSAGE_CLICKED_ANY
                step_facts = meaning.STEP_CLICKED | meaning.STEP_CLICKED_ANY
                if time > engaged:
                    engaged = time
        elif kind == REPLIED:  # rule 7
            if message != NONE:
                flags |= meaning.REPLIED_TO_SEQUENCE
                message_facts = meaning.MESSAGE_REPLIED
            if _while_enrolled(seen, time, _REPLIED):
                replies += 1
                flags |= meaning.REPLIED
                step_facts = meaning.STEP_REPLIED
                step = step or _last_executed(facts, time, common)
                if time > engaged:
                    engaged = time
            else:
                late_replies += 1
        elif kind == BOUNCED:  # rule 9
            if detail:
                soft += 1
            else:
                hard += 1
            message_facts = meaning.MESSAGE_BOUNCED
            if _while_enrolled(seen, time, _BOUNCED):
                flags |= meaning.BOUNCED
                step_facts = meaning.STEP_BOUNCED
        elif kind == UNSUBSCRIBED:  # rule 10
            unsubscribes += 1
            flags |= meaning.UNSUBSCRIBED
            message_facts = meaning.MESSAGE_UNSUBSCRIBED
        elif kind == COMPLAINED:
            complaints += 1
            flags |= meaning.COMPLAINED
            message_facts = meaning.MESSAGE_COMPLAINED
        elif kind == BOOKED:  # rule 8
            meeting, _, trigger = detail
            if trigger != 1 and _while_enrolled(seen, time, _MEETING_BOOKED):
                meetings.add(meeting)
                step_facts = meaning.STEP_MET
                step = step or _last_executed(facts, time, common)
                if time > engaged:
                    engaged = time
        elif kind == TASK_COMPLETED:
            tasks += 1
        elif kind == AUTO_REPLIED:
            auto_replies += 1
        elif kind == DEFERRED:
            deferred.add(message)
        elif kind == DROPPED:
            dropped.add(message)
        if message_facts and message != NONE:
            messages[message] = messages.get(message, 0) | message_facts
        if step_facts and step:  # rule 14
            steps[step] = steps.get(step, 0) | step_facts

    for fact in common.loose:
        kind, time, step = fact[0], fact[1] + base, fact[5]
        if kind == AUTO_REPLIED:
            auto_replies += _while_enrolled(seen, time, 0)
            continue
        if kind == REPLIED:
            if not _while_enrolled(seen, time, _REPLIED):
                continue
            replies += 1
            flags |= meaning.REPLIED
            step_facts = meaning.STEP_REPLIED
        elif kind == BOOKED:
            meeting, organizer, trigger = fact[6]
            if not (trigger == 2 or (trigger == 0 and organizer and organizer == seen.attributes[0])):
                continue
            if not _while_enrolled(seen, time, _MEETING_BOOKED):
                continue
            meetings.add(meeting)
            step_facts = meaning.STEP_MET
        else:  # an event that must name a message or an enrollment always does
            raise AssertionError(f"kind {kind} names neither an enrollment nor a message")
        if time > engaged:
            engaged = time
        step = step or _last_executed(facts, time, common)
        if step:
            steps[step] = steps.get(step, 0) | step_facts

    sent = delivered = canceled = 0
    if meetings:
        flags |= meaning.MET
        canceled = len(meetings & common.canceled)
    for bits in messages.values():
        if bits & meaning.MESSAGE_SENT:
            sent += 1
        if bits & meaning.MESSAGE_DELIVERED:
            delivered += 1
    seen.flags = flags
    seen.last_engaged_at = None if engaged == _LONG_AGO else engaged
    seen.totals = (
        sent,
        delivered,
        len(deferred),
        len(dropped),
        opens,
        clicks,
        machine_opens,
        machine_clicks,
        replies,
        auto_replies,
        late_replies,
        len(meetings),
        canceled,
        hard,
        soft,
        unsubscribes,
        complaints,
        tasks,
    )


def _while_enrolled(seen: EnrollmentView, time: int, own_reason: int) -> bool:
    """Rule 5. An end for `own_reason`, that of the kind in question, gives it 24 hours more; 0 is no reason."""
    started, ended = seen.started_at, seen.ended_at
    if started is None or time < started:
        return False
    return ended is None or time <= ended or (own_reason != 0 and seen.reason == own_reason and time <= ended + _DAY)


def _last_executed(facts: list[Fact], time: int, common: _Common) -> int:
    """Rule 14: the last step executed at or before the time, 0 if none; of several at one time the greatest id."""
    best, best_time = 0, _LONG_AGO
    names = common.names
    for fact in facts:
        if fact[0] != EXECUTED and fact[0] != SENT:
            continue
        at: int = fact[1] + common.base
        step: int = fact[5]
        if at <= time and (at > best_time or (at == best_time and names.text(step) > names.text(best))):
            best, best_time = step, at
    return best


def _outcome(status: int, reason: int, flags: int) -> int:
    """Rule 12: the first that applies."""
    if status == meaning.ACTIVE:
        return _OUTCOME_ACTIVE
    if status == meaning.PAUSED:
        return _OUTCOME_PAUSED
    for flag, outcome in _OUTCOME_OF_FLAGS:
        if flags & flag:
            return outcome
    if status == meaning.ERRORED or reason == _ERROR:
        return _OUTCOME_ERRORED
    return _OUTCOME_COMPANY_STOP if reason in _COMPANY_REASONS else _OUTCOME_NO_RESPONSE
