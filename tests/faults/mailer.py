"""A company's mailers for the fault tests: any number of valid records of every topic, the same for the same seed."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from random import Random

from events import topics
from events.log.record import NewRecord

_START = datetime(2026, 3, 2, 9, tzinfo=UTC)
_SEQUENCES = ("s-1", "s-2", "s-3")
_STEPS = [{"step_id": f"step-{order}", "order": order, "kind": "automated_email", "name": f"Mail {order}"} for order in (1, 2, 3)]
_ENGAGEMENTS = ("email.opened", "email.clicked", "email.replied", "email.unsubscribed")


def records(seed: int = 0) -> Iterator[NewRecord]:
    """Without end. One in a hundred comes twice, as after a producer's retry, and one in three hundred is no event at all."""
    random = Random(seed)
    for record in _written(random, f"mailer-{seed}"):
        yield record
        if random.random() < 0.01:
            yield record
        if random.random() < 0.003:
            yield NewRecord(topics.EMAIL, record.key, b"not an event")


def take(number: int, seed: int = 0) -> list[NewRecord]:
    """The first `number` of them."""
    return list(islice(records(seed), number))


def _written(random: Random, source: str) -> Iterator[NewRecord]:
    ids = count()

    def write(topic: str, type: str, key: str, time: datetime, **data: object) -> NewRecord:
        event = {
            "specversion": "1.0",
            "id": f"e-{next(ids)}",
            "source": source,
            "type": type,
            "time": time.isoformat(),
            "data": data,
        }
        return NewRecord(topic, f"default/{key}".encode(), json.dumps(event).encode())

    for sequence_id in _SEQUENCES:
        yield write(
            topics.SEQUENCE, "sequence.defined", sequence_id, _START, sequence_id=sequence_id, name=sequence_id, version=1, steps=_STEPS
        )
    for number in count():
        time = _START + timedelta(minutes=number)
        contact_id = f"{source}-c-{number % 700}"
        run = {"contact_id": contact_id, "enrollment_id": f"{source}-r-{number}", "sequence_id": random.choice(_SEQUENCES)}
        yield write(
            topics.CONTACT,
            "contact.updated",
            contact_id,
            time,
            contact_id=contact_id,
            name=f"Person {number}",
            company_id=f"co-{number % 9}",
        )
        yield write(topics.ENROLLMENT, "enrollment.started", contact_id, time, **run, enrolled_by=f"u-{number % 5}")
        for order in range(1, random.randint(2, 4)):
            time += timedelta(days=1)
            message_id = f"{source}-m-{number}-{order}"
            sent = {"message_id": message_id, "step_id": f"step-{order}"}
            yield write(topics.EMAIL, "email.sent", contact_id, time, **run, **sent)
            yield write(topics.EMAIL, "email.delivered", contact_id, time, contact_id=contact_id, message_id=message_id)
            for type in random.sample(_ENGAGEMENTS, random.randint(0, 3)):
                time += timedelta(minutes=7)
                yield write(topics.EMAIL, type, contact_id, time, contact_id=contact_id, message_id=message_id)
        if random.random() < 0.2:
            meeting_id = f"{source}-meeting-{number}"
            yield write(topics.MEETING, "meeting.booked", contact_id, time, **run, meeting_id=meeting_id)
        if random.random() < 0.7:
            yield write(topics.ENROLLMENT, "enrollment.finished", contact_id, time + timedelta(days=2), **run)
