"""Facts -> what is true of each enrollment: resolving, and rules 1-4, 12 and 13 of semantics.md section 2. The others, about what came of
it, are in `projections.engagement`. Nowhere else is there a rule.

Everything here is a pure function of the set of facts. Where two facts compete with equal times, `content_order` decides.
"""

from typing import Final

from projections import meaning
from projections.contact import Contact, Fact
from projections.engagement import judge_engagement
from projections.enrollment_view import ContactView, EnrollmentView, Resolved
from projections.facts import (
    CANCELED,
    ERRORED,
    EXECUTED,
    FINISHED,
    NONE,
    PAUSED,
    RECLASSIFIED,
    SCHEDULED,
    SENT,
    SKIPPED,
    STARTED,
    UNENROLLED,
)
from projections.meaning import OUTCOME_CODES, REASON_CODES
from projections.names import Names

_ERROR: Final = REASON_CODES["error"]
_ENDED: Final = {FINISHED: meaning.FINISHED, UNENROLLED: meaning.UNENROLLED, ERRORED: meaning.ERRORED}
_COMPANY_REASONS: Final = (REASON_CODES["company_reply"], REASON_CODES["company_meeting"])
_REPLIED: Final = REASON_CODES["replied"]
_FLAGS_OF_REASONS: Final = {
    _REPLIED: meaning.REPLIED,
    REASON_CODES["meeting_booked"]: meaning.MET,
    REASON_CODES["bounced"]: meaning.BOUNCED,
    REASON_CODES["unsubscribed"]: meaning.UNSUBSCRIBED,
    REASON_CODES["complained"]: meaning.COMPLAINED,
}
"""The ends that say by themselves what happened: rules 7-10."""

_NEVER: Final = 1 << 60
"""Later than any time."""

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


def view(contact: Contact, names: Names) -> ContactView:
    """The view of a contact, from nothing but its facts."""
    belonging: list[list[Fact]] = [[] for _ in contact.enrollments]
    unnamed: list[Fact] = []
    reclassifications: list[Fact] = []
    resolved = Resolved(contact, names)
    sent_events = resolved.sent_events
    waiting = 0
    for fact in contact.facts:
        kind: int = fact[0]
        enrollment: int = fact[3]
        if enrollment != NONE:
            belonging[enrollment].append(fact)
            if kind == SENT:
                known = sent_events.get(fact[4])
                if known is None or resolved.precedes(fact, known):
                    sent_events[fact[4]] = fact
        elif kind == RECLASSIFIED:
            reclassifications.append(fact)
        elif kind == CANCELED:
            resolved.canceled.add(fact[6])
        else:
            unnamed.append(fact)
    for fact in unnamed:  # 1.2 Resolving
        if fact[4] == NONE:
            resolved.loose.append(fact)
        elif (sent := sent_events.get(fact[4])) is not None:
            belonging[sent[3]].append(fact)
        else:
            waiting += 1
    if reclassifications:  # rule 6: the latest decides; equal times by identity
        reclassifications.sort(key=lambda fact: (fact[1], fact[2]))
        for fact in reclassifications:
            machine, *identities = fact[6]
            resolved.verdicts.update(dict.fromkeys(identities, machine))
    return ContactView([_enrollment_view(resolved, facts) for facts in belonging], waiting)


def _enrollment_view(resolved: Resolved, facts: list[Fact]) -> EnrollmentView:
    started: Fact | None = None
    scheduled: Fact | None = None
    implicit: Fact | None = None
    ended: Fact | None = None
    paused: Fact | None = None
    latest_step: Fact | None = None
    later: list[Fact] = []  # what can only be judged once start and end are known
    ends = 0
    seen = EnrollmentView()
    messages, steps, sent_at = seen.messages, seen.steps, seen.sent_at
    for fact in facts:
        kind: int = fact[0]
        if kind > SENT:
            later.append(fact)
        elif kind >= EXECUTED:
            if latest_step is None or resolved.precedes(latest_step, fact):
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
                at: int = fact[1] + resolved.base
                if at < sent_at.get(step, _NEVER):
                    sent_at[step] = at
        elif kind == STARTED:
            if started is None or resolved.precedes(fact, started):
                started = fact
        elif kind == SCHEDULED:
            if scheduled is None or resolved.precedes(fact, scheduled):
                scheduled = fact
        elif kind >= FINISHED:
            ends += 1
            if ended is None or resolved.precedes(fact, ended):
                ended = fact
        elif paused is None or resolved.precedes(paused, fact):
            paused = fact

    seen.second_ends = max(0, ends - 1)
    described = started or scheduled
    if described is not None:  # rule 1
        seen.attributes = described[6]
    replied_by_message = 0
    if ended is not None:
        seen.ended_at = ended[1] + resolved.base
        if ended[0] == UNENROLLED:
            seen.reason, replied_by_message = divmod(ended[6], 2)
    first = started or implicit
    if first is None:  # rule 2
        if scheduled is not None:
            seen.status = meaning.SCHEDULED if ended is None else meaning.CANCELED
    else:
        seen.implicit_start = started is None
        seen.started_at = first[1] + resolved.base
        if ended is None:  # rule 4
            seen.status = meaning.PAUSED if paused is not None and paused[0] == PAUSED else meaning.ACTIVE
        else:  # rule 3
            seen.status = _ENDED[ended[0]]
    if latest_step is not None:  # rule 13
        seen.step = latest_step[5]

    judge_engagement(seen, resolved, facts, later)

    seen.flags |= _FLAGS_OF_REASONS.get(seen.reason, 0)
    if replied_by_message and seen.reason == _REPLIED:
        seen.flags |= meaning.REPLIED_TO_SEQUENCE
    if first is not None:
        seen.outcome = _outcome(seen.status, seen.reason, seen.flags)
    return seen


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
