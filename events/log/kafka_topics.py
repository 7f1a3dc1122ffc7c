"""The topics on Kafka: create those that are absent, and find what is wrong with those that are there."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import TopicAlreadyExistsError

from events.log.kafka_connection import CREATE_COMMAND
from events.topics import TOPICS, config

_NAMES = tuple(topic.name for topic in TOPICS)


def create(admin: KafkaAdminClient, partitions: int, replication: int) -> list[str]:
    """Create the topics that are absent and wait until they can be used; returns their names."""
    absent = [name for name in _NAMES if name not in set(admin.list_topics())]
    created = []
    for name in absent:
        try:
            admin.create_topics({name: {"num_partitions": partitions, "replication_factor": replication, "configs": config(name)}})
        except TopicAlreadyExistsError:  # another program was faster
            continue
        created.append(name)
    if absent:
        admin.wait_for_topics(absent)
    return created


def faults(admin: KafkaAdminClient, bootstrap: str, partitions: int | None) -> list[str]:
    """What is wrong with the topics, each with its remedy; [] when all is well. `partitions` None: any number, but the same for all."""
    counts = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics(list(_NAMES)) if not topic["error_code"]}
    found = [f"the topic {name} is missing: {CREATE_COMMAND}" for name in _NAMES if name not in counts]
    found += _wrong_counts(counts, bootstrap, partitions)
    described = (
        admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in counts], config_filter="all") if counts else {}
    )
    for name, settings in described.get("topic", {}).items():
        found += _wrong_settings(name, settings, bootstrap)
    return found


def _wrong_counts(counts: Mapping[str, int], bootstrap: str, partitions: int | None) -> list[str]:
    """The same number of partitions everywhere is what keeps all that concerns a contact together."""
    if not counts:
        return []
    right = partitions or Counter(counts.values()).most_common(1)[0][0]
    return [
        f"the topic {name} has {count} partitions, not {right}, and its keys are spread by that number: delete it "
        f"(kafka-topics.sh --bootstrap-server {bootstrap} --delete --topic {name}), then {CREATE_COMMAND} --partitions {right}, "
        "and publish its events again"
        for name, count in counts.items()
        if count != right
    ]


def _wrong_settings(name: str, settings: Mapping[str, Mapping[str, Any]], bootstrap: str) -> list[str]:
    wrong = {key: value for key, value in config(name).items() if key not in settings or settings[key]["value"] != value}
    if not wrong:
        return []
    is_now = ", ".join(f"{key}={settings[key]['value'] if key in settings else '(unknown)'}" for key in wrong)
    to_be = ",".join(f"{key}={value}" for key, value in wrong.items())
    remedy = f"kafka-configs.sh --bootstrap-server {bootstrap} --alter --entity-type topics --entity-name {name} --add-config {to_be}"
    return [f"the topic {name} has {is_now}: {remedy}"]
