import pytest

from events.catalog import CATALOG
from events.topics import CONTACT_KEYED, QUARANTINE, SOURCE_TOPICS, TOPICS, config, record_key


def test_the_topics_are_those_of_the_contract() -> None:
    assert SOURCE_TOPICS == ("enrollment-events", "email-events", "meeting-events", "contact-events", "sequence-events", "dashboard-events")
    assert CONTACT_KEYED == ("enrollment-events", "email-events", "meeting-events", "contact-events")
    assert [topic.name for topic in TOPICS] == [*SOURCE_TOPICS, "quarantine"]


def test_every_type_belongs_to_a_topic_that_is_keyed_as_its_data_is() -> None:
    for model in CATALOG.values():
        assert (model.topic in CONTACT_KEYED) == ("contact_id" in model.model_fields)


@pytest.mark.parametrize("topic", [topic.name for topic in TOPICS])
def test_nothing_expires_and_the_log_stamps(topic: str) -> None:
    settings = config(topic)
    assert settings["retention.ms"] == settings["retention.bytes"] == "-1"
    assert settings["message.timestamp.type"] == "LogAppendTime"
    assert settings["cleanup.policy"] == ("compact" if topic == "contact-events" else "delete")


def test_a_topic_that_is_not_ours_has_no_settings() -> None:
    with pytest.raises(KeyError):
        config("other-events")


def test_a_key_is_the_account_and_the_id() -> None:
    assert record_key("acme", "josé/1") == b"acme/jos\xc3\xa9/1"
    assert record_key("acme", None) == b"acme"
    assert QUARANTINE not in SOURCE_TOPICS
