"""Rules 5-11, 14 and 16 of semantics.md section 2: what came of an enrollment. Opens, clicks, replies, meetings, bounces and the like."""

from typing import Any, Final

from projections import meaning
from projections.contact import Fact
from projections.enrollment_view import CLICKED_AFTER, NO_SENTIMENTS, OPENED_AFTER, REPLIED_AFTER, EnrollmentView, Resolved
from projections.facts import (
    AUTO_REPLIED,
    BOOKED,
    BOUNCED,
    CLICKED,
    COMPLAINED,
    DEFERRED,
    DELIVERED,
    DROPPED,
    EXECUTED,
    NONE,
    OPENED,
    REPLIED,
    SENT,
    TASK_COMPLETED,
    UNSUBSCRIBED,
)
from projections.meaning import REASON_CODES

_DAY: Final = 24 * 60 * 60 * 1000
_LONG_AGO: Final = -(1 << 60)
"""Earlier than any time."""
_NEVER: Final = 1 << 60
"""Later than any time."""

_REPLIED: Final = REASON_CODES["replied"]
_MEETING_BOOKED: Final = REASON_CODES["meeting_booked"]
_BOUNCED: Final = REASON_CODES["bounced"]


def judge_engagement(seen: EnrollmentView, resolved: Resolved, facts: list[Fact], later: list[Fact]) -> None:
    """Rules 5-11, 14 and 16: flags, totals, messages and steps."""
    messages, steps = seen.messages, seen.steps
    sent_events, verdicts, base = resolved.sent_events, resolved.verdicts, resolved.base
    flags = 0
    engaged = _LONG_AGO
    deferred: set[int] = set()
    dropped: set[int] = set()
    opens = clicks = machine_opens = machine_clicks = replies = auto_replies = late_replies = 0
    hard = soft = unsubscribes = complaints = tasks = 0
    meetings: set[int] = set()
    first_reply = first_meeting = _NEVER
    sentiments = [0, 0, 0, 0]  # by the sentiment's code in the fact: 0 is none

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
                _take_delay(seen, step, OPENED_AFTER, time)
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
                _take_delay(seen, step, CLICKED_AFTER, time)
                if time > engaged:
                    engaged = time
        elif kind == REPLIED:  # rule 7
            if message != NONE:
                flags |= meaning.REPLIED_TO_SEQUENCE
                message_facts = meaning.MESSAGE_REPLIED
            if _while_enrolled(seen, time, _REPLIED):
                replies += 1
                flags |= meaning.REPLIED
                sentiments[detail] += 1
                first_reply = min(first_reply, time)
                step_facts = meaning.STEP_REPLIED
                step = step or _last_executed(facts, time, resolved)
                _take_delay(seen, step, REPLIED_AFTER, time)
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
                first_meeting = min(first_meeting, time)
                step_facts = meaning.STEP_MET
                step = step or _last_executed(facts, time, resolved)
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

    for fact in resolved.loose:
        kind, time, step = fact[0], fact[1] + base, fact[5]
        if kind == AUTO_REPLIED:
            auto_replies += _while_enrolled(seen, time, 0)
            continue
        if kind == REPLIED:
            if not _while_enrolled(seen, time, _REPLIED):
                continue
            replies += 1
            flags |= meaning.REPLIED
            sentiments[fact[6]] += 1
            first_reply = min(first_reply, time)
            step_facts = meaning.STEP_REPLIED
        elif kind == BOOKED:
            meeting, organizer, trigger = fact[6]
            if not (trigger == 2 or (trigger == 0 and organizer and organizer == seen.attributes[0])):
                continue
            if not _while_enrolled(seen, time, _MEETING_BOOKED):
                continue
            meetings.add(meeting)
            first_meeting = min(first_meeting, time)
            step_facts = meaning.STEP_MET
        else:  # an event that must name a message or an enrollment always does
            raise AssertionError(f"kind {kind} names neither an enrollment nor a message")
        if time > engaged:
            engaged = time
        step = step or _last_executed(facts, time, resolved)
        if kind == REPLIED:
            _take_delay(seen, step, REPLIED_AFTER, time)
        if step:
            steps[step] = steps.get(step, 0) | step_facts

    sent = delivered = canceled = 0
    if meetings:
        flags |= meaning.MET
        canceled = len(meetings & resolved.canceled)
    for bits in messages.values():
        if bits & meaning.MESSAGE_SENT:
            sent += 1
        if bits & meaning.MESSAGE_DELIVERED:
            delivered += 1
    seen.flags = flags
    seen.last_engaged_at = None if engaged == _LONG_AGO else engaged
    if seen.started_at is not None:
        seen.replied_after = None if first_reply == _NEVER else first_reply - seen.started_at
        seen.met_after = None if first_meeting == _NEVER else first_meeting - seen.started_at
    seen.sentiments = tuple(sentiments[1:]) if replies else NO_SENTIMENTS
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


def _take_delay(seen: EnrollmentView, step: int, kind: int, time: int) -> None:
    """Note how long after the step's earliest send something credited to it happened, if it is the earliest so far that came after it."""
    sent_at = seen.sent_at.get(step)
    if sent_at is not None and time >= sent_at:
        key = step << 2 | kind
        if time - sent_at < seen.delays.get(key, _NEVER):
            seen.delays[key] = time - sent_at


def _while_enrolled(seen: EnrollmentView, time: int, own_reason: int) -> bool:
    """Rule 5. An end for `own_reason`, that of the kind in question, gives it 24 hours more; 0 is no reason."""
    started, ended = seen.started_at, seen.ended_at
    if started is None or time < started:
        return False
    return ended is None or time <= ended or (own_reason != 0 and seen.reason == own_reason and time <= ended + _DAY)


def _last_executed(facts: list[Fact], time: int, resolved: Resolved) -> int:
    """Rule 14: the last step executed at or before the time, 0 if none; of several at one time the greatest id."""
    best, best_time = 0, _LONG_AGO
    names = resolved.names
    for fact in facts:
        if fact[0] != EXECUTED and fact[0] != SENT:
            continue
        at: int = fact[1] + resolved.base
        step: int = fact[5]
        if at <= time and (at > best_time or (at == best_time and names.text(step) > names.text(best))):
            best, best_time = step, at
    return best
