"""The topics of the log: names, what their keys are, and how Kafka has to be configured for them."""

from dataclasses import dataclass
from typing import Literal

ENROLLMENT = "enrollment-events"
EMAIL = "email-events"
MEETING = "meeting-events"
CONTACT = "contact-events"
SEQUENCE = "sequence-events"
DASHBOARD = "dashboard-events"
QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `key` says whose id follows the account in a record's key ("account": nobody's); None means that keys are kept as they
    came."""

    name: str
    key: Literal["contact", "sequence", "account"] | None
    compacted: bool = False


TOPICS: tuple[Topic, ...] = (
    Topic(ENROLLMENT, key="contact"),
    Topic(EMAIL, key="contact"),
    Topic(MEETING, key="contact"),
    # The only topic that holds names and addresses: compacted, so that an erasure really removes them.
    Topic(CONTACT, key="contact", compacted=True),
    Topic(SEQUENCE, key="sequence"),
    # Not compacted, although each save says all: one key is the whole account, of which compaction would leave a single dashboard.
    Topic(DASHBOARD, key="account"),
    Topic(QUARANTINE, key=None),
)

SOURCE_TOPICS: tuple[str, ...] = tuple(topic.name for topic in TOPICS if topic.key is not None)
"""The topics that carry events, in the order of the contract."""

CONTACT_KEYED: tuple[str, ...] = tuple(topic.name for topic in TOPICS if topic.key == "contact")
"""The topics in which all that concerns one contact has one partition number."""

_BY_NAME = {topic.name: topic for topic in TOPICS}


LARGEST_DEAD_LETTER = 2 << 20
"""Bytes of a record on `quarantine`; other topics take what brokers take by default, 1 MiB."""


def config(topic: str) -> dict[str, str]:
    """The Kafka settings that `topic` has to have. Raises `KeyError` for a topic that is not ours.

    Stamps are the log's own, because time is judged against them; nothing expires by age or size, because a back-fill of old
    events would otherwise be deleted as it arrives. A dead letter is larger than the largest record by the headers that say what was
    wrong with it, so its topic takes more.
    """
    larger = {"max.message.bytes": str(LARGEST_DEAD_LETTER)} if topic == QUARANTINE else {}
    return {
        "cleanup.policy": "compact" if _BY_NAME[topic].compacted else "delete",
        "message.timestamp.type": "LogAppendTime",
        "retention.ms": "-1",
        "retention.bytes": "-1",
        **larger,
    }


def record_key(account: str, key_id: str | None) -> bytes:
    """The key of a record: the account, and the id of the contact (of the sequence, on `sequence-events`; None on `dashboard-events`)."""
    return f"{account}/{key_id}".encode() if key_id is not None else account.encode()


def key_rule(topic: str) -> str:
    """How the key of a record on `topic` is made, in words."""
    key = _BY_NAME[topic].key
    return "record key `account`." if key == "account" else f"record key `account/{key}_id`."
