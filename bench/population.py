"""Enrollments of every kind in any number, each worked out from its number alone: what reads are measured with."""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

import msgspec

from cli.demo.occurrence import DAY, HOUR, MINUTE, timestamp
from events.log.record import NewRecord
from events.topics import EMAIL, ENROLLMENT, MEETING, SEQUENCE, record_key

ACCOUNT: Final = "default"
SEQUENCES, COMPANIES, USERS, TEAMS, STEPS = 50, 20_000, 60, 8, 4
VARIANTS: Final = ("A", "B")
FIRST_DAY: Final = int(datetime(2023, 9, 1, tzinfo=UTC).timestamp() * 1000)
DAYS: Final = 600
"""The starts are spread over so many days."""
_PATIENCE: Final = 30 * DAY
"""Nobody answers later: of a million somebody else would after the time that the log gives its records."""
_SENTIMENTS: Final = ("positive", "neutral", "negative", None)
_EVENT: Final = msgspec.json.Encoder()


def sequence_id(number: int) -> str:
    return f"sequence-{number:02}"


def step_id(sequence: int, number: int) -> str:
    return f"step-{sequence:02}-{number}"


class Population:
    """`size` enrollments that start one after the other; every fifth is of a contact who was enrolled before."""

    def __init__(self, size: int, seed: int = 1) -> None:
        self.size = size
        self._seed = seed

    def definitions(self) -> Iterator[NewRecord]:
        """What the sequences are."""
        for sequence in range(SEQUENCES):
            steps = [
                {"step_id": step_id(sequence, step), "order": step + 1, "kind": "automated_email", "name": f"E-mail {step + 1}"}
                for step in range(STEPS)
            ]
            data = {"sequence_id": sequence_id(sequence), "name": f"Sequence {sequence}", "version": 1, "steps": steps}
            yield _record(SEQUENCE, "sequence.defined", FIRST_DAY, f"d-{sequence}", data)

    def enrollment(self, number: int) -> Iterator[NewRecord]:
        """All that happens to one enrollment, in order of time. Numbers beyond the size are of enrollments that come later."""
        random = Random(self._seed << 32 | number)
        names, attributes = self._names(number, random)
        time = FIRST_DAY + DAYS * DAY * min(number, self.size) // self.size + random.randrange(DAY)
        if random.random() < 0.03:
            yield _record(ENROLLMENT, "enrollment.scheduled", time, f"p-{number}", names | attributes)
            return
        yield _record(ENROLLMENT, "enrollment.started", time, f"s-{number}", names | attributes)
        if random.random() < 0.01:  # a message that two enrollments share, if the contact has two
            data = names | {"message_id": _message(int(names["contact_id"][-8:]), 0)}
            yield _record(EMAIL, "email.opened", time + MINUTE, f"o-{number}", data)
        for step in range(STEPS):
            at = names | {"step_id": step_id(int(names["sequence_id"][-2:]), step)}
            if random.random() < 0.05:
                yield _record(ENROLLMENT, "step.skipped", time, f"k-{number}-{step}", at)
                continue
            yield _record(ENROLLMENT, "step.executed", time, f"x-{number}-{step}", at)
            for kind, later, data in _mail(random, first=step == 0):
                topic = ENROLLMENT if kind.startswith("enrollment.") else MEETING if kind.startswith("meeting.") else EMAIL
                identity = f"{kind}-{number}-{step}-{later}"
                mail = names if topic == ENROLLMENT else at | {"message_id": _message(number, step)}
                meeting = {"meeting_id": f"meeting-{number}"} if topic == MEETING else {}
                yield _record(topic, kind, time + later, identity, mail | meeting | data)
                if topic == ENROLLMENT:
                    return
            time += random.randrange(2, 6) * DAY
            if random.random() < 0.02:
                yield _record(ENROLLMENT, "enrollment.paused", time, f"w-{number}", names)
                return
            if random.random() < 0.05:  # not there yet
                return
        yield _record(ENROLLMENT, "enrollment.finished", time, f"f-{number}", names)

    def afterthought(self, number: int, random: Random) -> NewRecord:
        """One more thing that happens to an enrollment: an open, mostly."""
        names, _ = self._names(number, Random(self._seed << 32 | number))
        step = random.randrange(STEPS)
        kind = random.choices(("email.opened", "email.clicked", "email.delivered", "email.replied"), (70, 15, 10, 5))[0]
        data = names | {"step_id": step_id(int(names["sequence_id"][-2:]), step), "message_id": _message(number, step)}
        time = FIRST_DAY + (DAYS + 30) * DAY + random.randrange(DAY)
        return _record(EMAIL, kind, time, f"{random.getrandbits(64):x}", data)

    def _names(self, number: int, random: Random) -> tuple[dict[str, Any], dict[str, Any]]:
        """(whose enrollment in which sequence it is, what is true of it from its start)."""
        contact = random.randrange(number) if number and number % 5 == 4 else number
        sequence, user = random.randrange(SEQUENCES), int(USERS * random.random() ** 2)
        names = {"contact_id": f"contact-{contact:08}", "enrollment_id": f"enrollment-{number:08}", "sequence_id": sequence_id(sequence)}
        attributes = {
            "enrolled_by": f"user-{user:02}",
            "team_id": f"team-{user % TEAMS}",
            "company_id": f"company-{contact * 31 % COMPANIES:05}",
            "variant": (*VARIANTS, None)[number % 3],
        }
        return names, attributes


def _mail(random: Random, *, first: bool) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """What becomes of one e-mail: (type, ms after the step, data); with an end of the enrollment it is the last."""
    yield "email.sent", MINUTE, {}
    if first and random.random() < 0.03:
        yield "email.bounced", 2 * MINUTE, {"kind": "hard"}
        yield "enrollment.unenrolled", 3 * MINUTE, {"reason": "bounced"}
        return
    yield "email.delivered", 2 * MINUTE, {}
    if random.random() < 0.15:
        yield "email.opened", 3 * MINUTE, {"machine": True}
    later = min(int(random.lognormvariate(9, 1.5)) * 1000, _PATIENCE)
    if random.random() < 0.4:
        yield "email.opened", later, {}
        if random.random() < 0.25:
            yield "email.clicked", later + MINUTE, {}
    chance = random.random()
    if chance < 0.04:
        yield "email.replied", later + HOUR, {"sentiment": random.choice(_SENTIMENTS)}
        yield "enrollment.unenrolled", later + 2 * HOUR, {"reason": "replied"}
    elif chance < 0.05:
        yield "meeting.booked", later + HOUR, {}
        yield "enrollment.unenrolled", later + 2 * HOUR, {"reason": "meeting_booked"}
    elif chance < 0.06:
        yield "email.unsubscribed", later + HOUR, {}
        yield "enrollment.unenrolled", later + 2 * HOUR, {"reason": "unsubscribed"}


def _message(number: int, step: int) -> str:
    return f"message-{number:08}-{step}"


def _record(topic: str, kind: str, time: int, identity: str, data: dict[str, Any]) -> NewRecord:
    event = {
        "specversion": "1.0",
        "id": identity,
        "source": "/mailers/bench",
        "type": kind,
        "time": timestamp(time),
        "account": ACCOUNT,
        "data": data,
    }
    return NewRecord(topic, record_key(ACCOUNT, data.get("contact_id", data["sequence_id"])), _EVENT.encode(event))
