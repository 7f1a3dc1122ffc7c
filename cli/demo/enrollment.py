"""One run of a contact through a sequence, played from its start to its end."""

from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from cli.demo.cast import Contact, User
from cli.demo.mail import Mail
from cli.demo.occurrence import DAY, HOUR, MINUTE, SECOND, Journal, timestamp, workday
from cli.demo.playbook import EMAILS, Edition, Sequence, Step

CALENDAR: Final = "/calendar"
MAILER: Final = "/mailers"

Ending = tuple[int, str, str | None]
"""When the enrollment ends, why (`finished`, `errored` or a reason of `enrollment.unenrolled`), and the message that was answered."""


@dataclass(slots=True)
class Enrollment:
    """Who runs through what, since when; `colleagues` holds for each company and sequence when a colleague's reply stopped it."""

    enrollment_id: str
    contact: Contact
    sequence: Sequence
    edition: Edition
    user: User
    variant: str | None
    start: int
    random: Random
    journal: Journal
    colleagues: dict[tuple[str, str], int]
    names: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = {
            "contact_id": self.contact.contact_id,
            "enrollment_id": self.enrollment_id,
            "sequence_id": self.sequence.sequence_id,
        }

    def play(self) -> Ending | None:
        """Enter everything that happens; returns the ending, None for a run that never started or was left hanging."""
        begin = self._begin()
        if begin is None:
            return None
        ending = self._steps(begin)
        if ending:
            self._end(ending)
        return ending

    def _begin(self) -> int | None:
        random = self.random
        attributes: dict[str, Any] = {
            "enrolled_by": self.user.user_id,
            "team_id": self.user.team_id,
            "company_id": self.contact.company.company_id,
            "sequence_version": self.edition.version,
        }
        if self.variant:
            attributes["variant"] = self.variant
        luck = random.random()
        if luck < 0.002:  # An import that knew only half of the story: the log names the enrollment and never starts it.
            self._enter(self.start, "enrollment.paused")
            return None
        if random.random() < 0.22:
            planned = workday(self.start + int(random.uniform(1, 9) * DAY))
            self._enter(self.start, "enrollment.scheduled", start_at=timestamp(planned), **attributes)
            if luck < 0.06:
                self._enter(int(random.uniform(self.start, planned)), "enrollment.unenrolled", reason="manual")
                return None
            self.start = planned
        if luck > 0.002 + 0.001:
            self._enter(self.start, "enrollment.started", **attributes)
        return self.start + int(random.uniform(5, 90) * SECOND)

    def _steps(self, time: int) -> Ending | None:
        random = self.random
        stop = self.colleagues.get((self.contact.company.company_id, self.sequence.sequence_id))
        mailed = False
        for step in self.edition.steps:
            if step.wait:
                time = workday(time + step.wait * DAY + int(random.uniform(-2, 2) * HOUR))
            if stop is not None and self.start < stop <= time:
                return stop + 30 * SECOND, "company_reply", None
            if nuisance := self._nuisance(time):
                return nuisance
            if random.random() < 0.012:
                paused_until = workday(time + int(random.uniform(2, 12) * DAY))
                self._pause(time, paused_until)
                time = paused_until + MINUTE
            if step.kind in EMAILS:
                mail = Mail(self, step, time, first=not mailed)
                mailed = True
                if ending := mail.play():
                    return ending
                time = mail.time
            elif ending := self._task(step, time):
                return ending
        if random.random() < 0.02:
            return None  # Some mailers forget to say that a run is over.
        return time + int(random.uniform(1, 2) * DAY), "finished", None

    def _nuisance(self, time: int) -> Ending | None:
        luck = self.random.random()
        if luck < 0.0012:
            return time, "errored", None
        for reason, chance in (("manual", 0.005), ("user_removed", 0.0065), ("contact_deleted", 0.0075), ("company_meeting", 0.0095)):
            if luck < chance:
                return time, reason, None
        return None

    def _task(self, step: Step, time: int) -> Ending | None:
        random = self.random
        due = time
        time += int(random.expovariate(1 / (5 * HOUR)))
        if random.random() < 0.12:
            self._enter(time, "step.skipped", step_id=step.step_id)
            return None
        outcome = "done"
        if step.kind == "call":
            outcome = random.choices(("no_answer", "voicemail", "connected", "wrong_number"), (46, 30, 20, 4))[0]
        self._enter(time, "task.completed", step_id=step.step_id, outcome=outcome, due_at=timestamp(due))
        self._enter(time + SECOND, "step.executed", step_id=step.step_id)
        if outcome == "connected" and random.random() < 0.09:
            # Booked on the phone, so the calendar knows the organizer and the contact, and nothing of the sequence.
            booked = time + int(random.uniform(2, 25) * MINUTE)
            self.meeting(booked, {"contact_id": self.contact.contact_id, "organizer": self.user.user_id})
            return booked + 20 * SECOND, "meeting_booked", None
        return None

    def meeting(self, time: int, about: dict[str, Any]) -> None:
        """A meeting is booked, and now and then called off."""
        random = self.random
        about = {"contact_id": self.contact.contact_id, "meeting_id": f"meet-{random.getrandbits(48):012x}", **about}
        self.journal.enter(time, "meeting.booked", CALENDAR, about)
        if random.random() < 0.12:
            later = time + int(random.uniform(0.2, 4) * DAY)
            self.journal.enter(later, "meeting.canceled", CALENDAR, {key: about[key] for key in ("contact_id", "meeting_id")})

    def away(self, time: int) -> int:
        """The contact is on holiday: pause until the return; gives the time of the next step's clock."""
        back = workday(time + int(self.random.uniform(4, 16) * DAY))
        self._pause(time, back)
        return back

    def replied(self, time: int) -> None:
        """Tell the colleagues' enrollments in the same sequence that this company has answered."""
        self.colleagues[self.contact.company.company_id, self.sequence.sequence_id] = time

    def _pause(self, time: int, until: int) -> None:
        self._enter(time, "enrollment.paused")
        self._enter(until, "enrollment.resumed")

    def _end(self, ending: Ending) -> None:
        time, reason, message_id = ending
        if reason == "finished":
            self._enter(time, "enrollment.finished")
        elif reason == "errored":
            self._enter(time, "enrollment.errored", error="The mailbox of the sender is disconnected")
        else:
            named = {"message_id": message_id} if message_id else {}
            self._enter(time, "enrollment.unenrolled", reason=reason, **named)
        if self.random.random() < 0.003:  # Two systems both believe that it was theirs to end the run.
            self._enter(time + 3 * SECOND, "enrollment.unenrolled", reason="manual")

    def _enter(self, time: int, type: str, **data: Any) -> None:
        self.journal.enter(time, type, f"{MAILER}/{self.user.team_id[5:]}", {**self.names, **data})
