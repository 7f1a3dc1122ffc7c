"""Facts -> what is true of each enrollment. The one place of the rules of semantics.md section 2; rule numbers refer to it.

Everything here is a pure function of the set of facts. Where two facts compete with equal times, `content_order` decides.
"""

from collections.abc import Iterable
from typing import Final

from projections import meaning
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
    Contact,
    Fact,
    content_order,
)
from projections.meaning import OUTCOME_CODES, REASON_CODES, TOTALS
from projections.names import Names

_DAY: Final = 24 * 60 * 60 * 1000
_NO_ATTRIBUTES: Final = (0, 0, 0, 0)
_NO_TOTALS: Final = (0,) * len(TOTALS)

_REPLIED: Final = REASON_CODES["replied"]
_MEETING_BOOKED: Final = REASON_CODES["meeting_booked"]
_BOUNCED: Final = REASON_CODES["bounced"]
_UNSUBSCRIBED: Final = REASON_CODES["unsubscribed"]
_COMPLAINED: Final = REASON_CODES["complained"]
_ERROR: Final = REASON_CODES["error"]
_ENDED: Final = {FINISHED: meaning.FINISHED, UNENROLLED: meaning.UNENROLLED, ERRORED: meaning.ERRORED}
_COMPANY_REASONS: Final = (REASON_CODES["company_reply"], REASON_CODES["company_meeting"])


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
    loose: list[Fact] = []  # replies and meetings that name neither enrollment nor message
    sent_events: dict[int, Fact] = {}
    machine_verdicts: dict[int, int] = {}
    reclassifications: list[Fact] = []
    canceled: set[object] = set()
    waiting = 0
    for fact in contact.facts:
        enrollment = fact[3]
        if enrollment != NONE:
            belonging[enrollment].append(fact)
            if fact[0] == SENT:
                known = sent_events.get(fact[4])
                sent_events[fact[4]] = fact if known is None else _earlier(contact, names, known, fact)
        elif fact[0] == RECLASSIFIED:
            reclassifications.append(fact)
        elif fact[0] == CANCELED:
            canceled.add(fact[6])
        else:
            unnamed.append(fact)
    for fact in unnamed:  # 1.2 Resolving
        if fact[4] == NONE:
            loose.append(fact)
        elif (sent := sent_events.get(fact[4])) is not None:
            belonging[sent[3]].append(fact)
        else:
            waiting += 1
    if reclassifications:  # rule 6: the latest decides; equal times by identity
        for _, _, _, _, _, _, detail in sorted(reclassifications, key=lambda fact: (fact[1], fact[2])):
            assert isinstance(detail, tuple)
            machine_verdicts.update(dict.fromkeys(detail[1:], detail[0]))
    return ContactView(
        [_enrollment_view(contact, names, facts, loose, sent_events, machine_verdicts, canceled) for facts in belonging], waiting
    )


def _enrollment_view(
    contact: Contact,
    names: Names,
    facts: list[Fact],
    loose: list[Fact],
    sent_events: dict[int, Fact],
    machine_verdicts: dict[int, int],
    canceled: set[object],
) -> EnrollmentView:
    started: Fact | None = None
    scheduled: Fact | None = None
    implicit: Fact | None = None
    ended: Fact | None = None
    paused: Fact | None = None
    latest_step: Fact | None = None
    executions: list[Fact] = []
    later: list[Fact] = []  # what can only be judged once start and end are known
    ends = 0
    for fact in facts:
        kind = fact[0]
        if kind > SENT:
            later.append(fact)
        elif kind >= EXECUTED:
            if kind != SKIPPED:
                executions.append(fact)
                if implicit is None or fact[1] < implicit[1]:
                    implicit = fact
            if latest_step is None or fact[1] > latest_step[1]:
                latest_step = fact
            elif fact[1] == latest_step[1]:
                latest_step = _later(contact, names, latest_step, fact)
        elif kind == STARTED:
            started = fact if started is None else _earlier(contact, names, started, fact)
        elif kind == SCHEDULED:
            scheduled = fact if scheduled is None else _earlier(contact, names, scheduled, fact)
        elif kind >= FINISHED:
            ends += 1
            ended = fact if ended is None else _earlier(contact, names, ended, fact)
        else:
            paused = fact if paused is None else _later(contact, names, paused, fact)

    view = EnrollmentView()
    base = contact.base
    view.second_ends = max(0, ends - 1)
    described = started or scheduled
    if described is not None:  # rule 1
        assert isinstance(described[6], tuple)
        view.attributes = described[6]
    if ended is not None:
        view.ended_at = ended[1] + base
    reason = replied_by_message = 0
    if ended is not None and ended[0] == UNENROLLED:
        assert isinstance(ended[6], int)
        reason, replied_by_message = divmod(ended[6], 2)
        view.reason = reason
    first = started or implicit
    if first is None:  # rule 2
        if scheduled is not None:
            view.status = meaning.SCHEDULED if ended is None else meaning.CANCELED
    else:
        view.implicit_start = started is None
        view.started_at = first[1] + base
        if ended is None:  # rule 4
            view.status = meaning.PAUSED if paused is not None and paused[0] == PAUSED else meaning.ACTIVE
        else:  # rule 3
            view.status = _ENDED[ended[0]]
    if latest_step is not None:  # rule 13
        view.step = latest_step[5]

    _judge(
        view,
        names,
        contact,
        facts,
        executions,
        later,
        loose,
        sent_events,
        machine_verdicts,
        canceled,
        None if first is None else first[1],
        None if ended is None else ended[1],
    )

    flags = view.flags
    if reason == _REPLIED:  # the ends that say by themselves what happened: rules 7-10
        flags |= meaning.REPLIED
        if replied_by_message:
            flags |= meaning.REPLIED_TO_SEQUENCE
    elif reason == _MEETING_BOOKED:
        flags |= meaning.MET
    elif reason == _BOUNCED:
        flags |= meaning.BOUNCED
    elif reason == _UNSUBSCRIBED:
        flags |= meaning.UNSUBSCRIBED
    elif reason == _COMPLAINED:
        flags |= meaning.COMPLAINED
    view.flags = flags
    if first is not None:
        view.outcome = _outcome(view.status, reason, flags)
    return view


def _judge(
    view: EnrollmentView,
    names: Names,
    contact: Contact,
    facts: list[Fact],
    executions: list[Fact],
    later: list[Fact],
    loose: list[Fact],
    sent_events: dict[int, Fact],
    machine_verdicts: dict[int, int],
    canceled: set[object],
    started: int | None,
    ended: int | None,
) -> None:
    """Rules 5-11, 14 and 16: flags, totals, messages and steps. `started` and `ended` are relative to the base."""
    messages, steps, sent_steps = view.messages, view.steps, view.sent_steps
    reason = view.reason
    flags = 0
    engaged: int | None = None
    deferred: set[int] = set()
    dropped: set[int] = set()
    opens = clicks = machine_opens = machine_clicks = replies = auto_replies = late_replies = 0
    hard = soft = unsubscribes = complaints = tasks = 0
    meetings: set[object] = set()

    for fact in executions:
        step = fact[5]
        steps[step] = steps.get(step, 0) | meaning.STEP_EXECUTED
        if fact[0] == SENT:
            message = fact[4]
            messages[message] = messages.get(message, 0) | meaning.MESSAGE_SENT
            sent_steps.add((message, step))
    for fact in facts:
        if fact[0] == SKIPPED:
            steps[fact[5]] = steps.get(fact[5], 0) | meaning.STEP_SKIPPED

    for fact in later:
        kind, time, identity, _, message, step, detail = fact
        if not step and message != NONE and (sent_event := sent_events.get(message)) is not None:
            step = sent_event[5]
        step_facts = message_facts = 0
        if kind == DELIVERED:
            message_facts = meaning.MESSAGE_DELIVERED
        elif kind == OPENED:  # rule 6
            if machine_verdicts.get(identity, detail) if machine_verdicts else detail:
                machine_opens += 1
                flags |= meaning.OPENED_ANY
                message_facts, step_facts = meaning.MESSAGE_OPENED_ANY, meaning.STEP_OPENED_ANY
            else:
                opens += 1
                flags |= meaning.OPENED | meaning.OPENED_ANY
                message_facts = meaning.MESSAGE_OPENED | meaning.MESSAGE_OPENED_ANY
                step_facts = meaning.STEP_OPENED | meaning.STEP_OPENED_ANY
                if engaged is None or time > engaged:
                    engaged = time
        elif kind == CLICKED:
            if machine_verdicts.get(identity, detail) if machine_verdicts else detail:
                machine_clicks += 1
                flags |= meaning.CLICKED_ANY
                message_facts, step_facts = meaning.MESSAGE_CLICKED_ANY, meaning.STEP_CLICKED_ANY
            else:
                clicks += 1
                flags |= meaning.CLICKED | meaning.CLICKED_ANY
                message_facts = meaning.MESSAGE_CLICKED | meaning.MESSAGE_CLICKED_ANY
                step_facts = meaning.STEP_CLICKED | meaning.STEP_CLICKED_ANY
                if engaged is None or time > engaged:
                    engaged = time
        elif kind == REPLIED:  # rule 7
            if message != NONE:
                flags |= meaning.REPLIED_TO_SEQUENCE
                message_facts = meaning.MESSAGE_REPLIED
            if _while_enrolled(time, started, ended, reason == _REPLIED):
                replies += 1
                flags |= meaning.REPLIED
                step_facts = meaning.STEP_REPLIED
                step = step or _last_executed(executions, time, names)
                if engaged is None or time > engaged:
                    engaged = time
            else:
                late_replies += 1
        elif kind == BOUNCED:  # rule 9
            if detail:
                soft += 1
            else:
                hard += 1
            if message != NONE:
                message_facts = meaning.MESSAGE_BOUNCED
            if _while_enrolled(time, started, ended, reason == _BOUNCED):
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
            assert isinstance(detail, tuple)
            meeting, _, trigger = detail
            if trigger != 1 and _while_enrolled(time, started, ended, reason == _MEETING_BOOKED):
                meetings.add(meeting)
                step_facts = meaning.STEP_MET
                step = step or _last_executed(executions, time, names)
                if engaged is None or time > engaged:
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

    for kind, time, _, _, _, step, detail in loose:
        if kind == AUTO_REPLIED:
            auto_replies += _while_enrolled(time, started, ended, False)
            continue
        if kind == REPLIED:
            if not _while_enrolled(time, started, ended, reason == _REPLIED):
                continue
            replies += 1
            flags |= meaning.REPLIED
            step_facts = meaning.STEP_REPLIED
        elif kind == BOOKED:
            assert isinstance(detail, tuple)
            meeting, organizer, trigger = detail
            if not (trigger == 2 or (trigger == 0 and organizer and organizer == view.attributes[0])):
                continue
            if not _while_enrolled(time, started, ended, reason == _MEETING_BOOKED):
                continue
            meetings.add(meeting)
            step_facts = meaning.STEP_MET
        else:  # an event that must name a message or an enrollment always does
            raise AssertionError(f"kind {kind} names neither an enrollment nor a message")
        if engaged is None or time > engaged:
            engaged = time
        step = step or _last_executed(executions, time, names)
        if step:
            steps[step] = steps.get(step, 0) | step_facts

    if meetings:
        flags |= meaning.MET
    sent = delivered = 0
    for bits in messages.values():
        sent += bits & meaning.MESSAGE_SENT != 0
        delivered += bits & meaning.MESSAGE_DELIVERED != 0
    view.flags = flags
    view.last_engaged_at = None if engaged is None else engaged + contact.base
    view.totals = (
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
        len(meetings & canceled) if meetings and canceled else 0,
        hard,
        soft,
        unsubscribes,
        complaints,
        tasks,
    )


def _while_enrolled(time: int, started: int | None, ended: int | None, end_is_its_own: bool) -> bool:
    """Rule 5. `end_is_its_own`: the enrollment ended for the very reason that the fact is of, which gives it 24 hours more."""
    return started is not None and started <= time and (ended is None or time <= (ended + _DAY if end_is_its_own else ended))


def _last_executed(executions: Iterable[Fact], time: int, names: Names) -> int:
    """Rule 14: the last step executed at or before the time, 0 if none; of several at one time the greatest id."""
    best, best_time = 0, 0
    for fact in executions:
        if fact[1] <= time and (not best or fact[1] > best_time or (fact[1] == best_time and names.text(fact[5]) > names.text(best))):
            best, best_time = fact[5], fact[1]
    return best


def _outcome(status: int, reason: int, flags: int) -> int:
    """Rule 12: the first that applies."""
    if status in (meaning.ACTIVE, meaning.PAUSED):
        return OUTCOME_CODES["active"] if status == meaning.ACTIVE else OUTCOME_CODES["paused"]
    if flags & meaning.MET:
        return OUTCOME_CODES["meeting"]
    if flags & meaning.REPLIED:
        return OUTCOME_CODES["replied"]
    if flags & meaning.UNSUBSCRIBED:
        return OUTCOME_CODES["unsubscribed"]
    if flags & meaning.COMPLAINED:
        return OUTCOME_CODES["complained"]
    if flags & meaning.BOUNCED:
        return OUTCOME_CODES["bounced"]
    if status == meaning.ERRORED or reason == _ERROR:
        return OUTCOME_CODES["errored"]
    if reason in _COMPANY_REASONS:
        return OUTCOME_CODES["company_stop"]
    return OUTCOME_CODES["no_response"]


def _earlier(contact: Contact, names: Names, one: Fact, other: Fact) -> Fact:
    if one[1] != other[1]:
        return one if one[1] < other[1] else other
    return min(one, other, key=lambda fact: content_order(contact, fact, names))


def _later(contact: Contact, names: Names, one: Fact, other: Fact) -> Fact:
    if one[1] != other[1]:
        return one if one[1] > other[1] else other
    return max(one, other, key=lambda fact: content_order(contact, fact, names))
