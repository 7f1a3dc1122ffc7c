"""One e-mail of one enrollment and all that becomes of it: delivery, scanners, opens, clicks, answers."""

from typing import TYPE_CHECKING, Any, Final

from cli.demo.occurrence import DAY, HOUR, MINUTE, SECOND
from cli.demo.playbook import Step

if TYPE_CHECKING:
    from cli.demo.enrollment import Ending, Enrollment

TRACKING: Final = "/tracking"
INBOX: Final = "/inbox"
TRANSPORT: Final = "/transport"

SCANNER: Final = "Mozilla/5.0 (compatible; MailGuard/3.2; +https://mailguard.example)"
BROWSERS: Final = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)",
)


class Mail:
    """Plays one e-mail. `time` starts as when it is sent, and ends as when the clock of the next step begins to run."""

    def __init__(self, enrollment: "Enrollment", step: Step, time: int, *, first: bool) -> None:
        self.enrollment = enrollment
        self.random = enrollment.random
        self.journal = enrollment.journal
        self.contact = enrollment.contact
        self.step = step
        self.time = time
        self.first = first
        self.message_id = f"m-{self.random.getrandbits(64):016x}"

    def play(self) -> "Ending | None":
        """Enter everything that happens to this e-mail; returns the ending of the enrollment if it is one."""
        variant = self.enrollment.variant
        data = {**self._names(), **({"variant": variant} if variant else {})}
        late = int(self.random.uniform(1, 120) * MINUTE) if self.random.random() < 0.01 else 0
        self.journal.enter(self.time, "email.sent", f"/mailers/{self.enrollment.user.team_id[5:]}", data, late=late)
        luck = self.random.random()
        if self.first and luck < 0.019:
            bounced = self.time + int(self.random.uniform(2, 90) * SECOND)
            self._enter(bounced, "email.bounced", TRANSPORT, kind="hard", code="5.1.1", reason="No such mailbox")
            return bounced + SECOND, "bounced", self.message_id
        if 0.019 < luck < 0.0215:
            self._enter(self.time + 3 * HOUR, "email.bounced", TRANSPORT, kind="soft", code="4.2.2", reason="The mailbox is full")
            return None
        if 0.0215 < luck < 0.0245:
            self._enter(self.time + SECOND, "email.dropped", TRANSPORT, reason="On the list of suppressed addresses")
            return None
        delivered = self.time + int(self.random.uniform(1, 15) * SECOND)
        if 0.0245 < luck < 0.04:
            self._enter(delivered, "email.deferred", TRANSPORT, reason="Try again later")
            delivered += int(self.random.uniform(5, 45) * MINUTE)
        self._enter(delivered, "email.delivered", TRANSPORT)
        if self.contact.company.scanner:
            self._scan(delivered)
        return self._answer(delivered, opened=self._read(delivered))

    def _scan(self, delivered: int) -> None:
        random = self.random
        scanned = delivered + int(random.uniform(0.5, 6) * SECOND)
        seen = {"machine": True} if random.random() < 0.88 else {}
        reports = [self._track(scanned, "email.opened", user_agent=SCANNER, **seen)]
        if random.random() < 0.3:
            reports.append(self._track(scanned + 900, "email.clicked", user_agent=SCANNER, url="https://tally.example/start", **seen))
        if not seen:
            self._reclassify(scanned + int(random.uniform(0.4, 1.6) * DAY), reports, machine=True)

    def _read(self, delivered: int) -> bool:
        """The person opens and clicks, perhaps again weeks later; True if the message was opened."""
        random, contact = self.random, self.contact
        appeal = self.enrollment.sequence.appeal * (1.12 if self.enrollment.variant == "B" else 1.0)
        if not (contact.opens and random.random() < 0.5 * appeal):
            return False
        opened = delivered + int(random.lognormvariate(9.3, 1.6) * SECOND)
        browser = BROWSERS[int(random.random() * len(BROWSERS))]
        first = self._track(opened, "email.opened", user_agent=browser, late=int(random.expovariate(1 / (20 * SECOND))))
        if random.random() < 0.01:  # Taken for a machine at first, and then proved to be a person.
            self._reclassify(opened + HOUR, [first], machine=True)
            self._reclassify(opened + 30 * HOUR, [first], machine=False)
        while random.random() < 0.28:
            opened += int(random.expovariate(1 / (9 * HOUR)))
            self._track(opened, "email.opened", user_agent=browser)
        if contact.clicks and random.random() < 0.5:
            self._track(
                opened + int(random.uniform(4, 80) * SECOND), "email.clicked", user_agent=browser, url="https://tally.example/start"
            )
        if random.random() < 0.04:
            self._track(opened + int(random.uniform(15, 70) * DAY), "email.opened", user_agent=browser)
        return True

    def _answer(self, delivered: int, *, opened: bool) -> "Ending | None":
        random, enrollment = self.random, self.enrollment
        luck = random.random()
        if luck < 0.02:
            absent = delivered + int(random.uniform(5, 90) * SECOND)
            self._enter(absent, "email.auto_replied", INBOX)
            if random.random() < 0.6:
                self.time = enrollment.away(absent + MINUTE)
            return None
        if luck > 0.9965:
            left = delivered + int(random.uniform(1, 600) * MINUTE)
            complained = random.random() < 0.25
            self._enter(left, "email.complained" if complained else "email.unsubscribed", TRACKING)
            return left + SECOND, "complained" if complained else "unsubscribed", self.message_id
        if luck > 0.9945 and opened:  # Books through the link in the message, without a word.
            booked = delivered + int(random.uniform(1, 30) * HOUR)
            enrollment.meeting(booked, {**enrollment.names, "message_id": self.message_id, "triggers_unenroll": True})
            return booked + 5 * SECOND, "meeting_booked", self.message_id
        if random.random() < (0.062 if opened else 0.002):
            return self._reply(delivered + int(random.uniform(0.3, 40) * HOUR))
        if random.random() < 0.0012:
            self._enter(delivered + int(random.uniform(45, 80) * DAY), "email.replied", INBOX, sentiment="neutral")
        return None

    def _reply(self, time: int) -> "Ending | None":
        random, enrollment = self.random, self.enrollment
        sentiment = random.choices(("positive", "neutral", "negative"), (36, 40, 24))[0]
        if random.random() < 0.12:  # A new mail rather than an answer: the inbox knows only who wrote it.
            self.journal.enter(time, "email.replied", INBOX, {"contact_id": self.contact.contact_id, "sentiment": sentiment})
            return time + MINUTE, "replied", None
        self._enter(time, "email.replied", INBOX, sentiment=sentiment)
        enrollment.replied(time)
        if sentiment == "positive" and random.random() < 0.4:
            booked = time + int(random.uniform(10, 300) * MINUTE)
            enrollment.meeting(booked, {**enrollment.names, "message_id": self.message_id})
            return booked + 5 * SECOND, "meeting_booked", self.message_id
        return time + 10 * SECOND, "replied", self.message_id

    def _reclassify(self, time: int, reports: list[dict[str, str]], *, machine: bool) -> None:
        data = {"contact_id": self.contact.contact_id, "events": reports, "machine": machine}
        self.journal.enter(time, "engagement.reclassified", TRACKING, data)

    def _track(self, time: int, type: str, *, late: int = 0, **data: Any) -> dict[str, str]:
        # The pixel in half of the messages is of an older make and names nothing but the message.
        names = self.enrollment.names if int(self.message_id[-1], 16) % 2 else {"contact_id": self.contact.contact_id}
        occurrence = self.journal.enter(time, type, TRACKING, {**names, "message_id": self.message_id, **data}, late=late)
        return {"source": occurrence.source, "id": occurrence.id}

    def _enter(self, time: int, type: str, source: str, **data: Any) -> None:
        self.journal.enter(time, type, source, {**self._names(), **data})

    def _names(self) -> dict[str, str]:
        return {**self.enrollment.names, "message_id": self.message_id, "step_id": self.step.step_id}
