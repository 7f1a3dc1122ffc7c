"""The log on a real Kafka: what only a broker can do to it, and what only it has to be told."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from events.log.embedded_kafka import EmbeddedKafka
from events.log.kafka import KafkaLog
from events.log.kafka_connection import connection
from events.log.kafka_jars import jars
from events.log.opening import open_log
from events.log.port import LogError, LogUnavailable, TopicError
from events.log.record import Appended, NewRecord
from events.partitioner import partition_for
from events.settings import LogSettings
from events.shared_process import ServerError
from events.topics import CONTACT, EMAIL, QUARANTINE, TOPICS, config
from tests.conftest import PARTITIONS

QUICK = LogSettings(kafka_timeout=1.5)


def settings_of(kafka: EmbeddedKafka, topic: str) -> dict[str, str]:
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        described = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)], config_filter="all")
    return {name: each["value"] for name, each in described["topic"][topic].items()}


def alter(kafka: EmbeddedKafka, topic: str, **settings: str) -> None:
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, topic, {name.replace("_", "."): value for name, value in settings.items()})]
        )


def test_topics_are_created_as_they_have_to_be(kafka: EmbeddedKafka, kafka_log: KafkaLog) -> None:
    for topic in TOPICS:
        assert kafka_log.partitions(topic.name) == PARTITIONS
        assert {name: settings_of(kafka, topic.name)[name] for name in config(topic.name)} == config(topic.name)


def test_every_fault_of_every_topic_is_named_with_its_remedy(kafka: EmbeddedKafka, kafka_log: KafkaLog) -> None:
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        admin.create_partitions({EMAIL: 6})
    alter(kafka, CONTACT, cleanup_policy="delete", retention_ms="3600000")
    alter(kafka, QUARANTINE, message_timestamp_type="CreateTime")
    with pytest.raises(TopicError) as error:
        kafka_log.check_topics()
    faults = str(error.value).split("; ")
    server = f"--bootstrap-server {kafka.bootstrap}"
    alter_contact = f"kafka-configs.sh {server} --alter --entity-type topics --entity-name {CONTACT} --add-config"
    alter_quarantine = f"kafka-configs.sh {server} --alter --entity-type topics --entity-name {QUARANTINE} --add-config"
    again = (
        f"delete it (kafka-topics.sh {server} --delete --topic {EMAIL}), then tally topics create --partitions 4, and publish its events"
    )
    assert sorted(faults) == [
        f"the topic {CONTACT} has cleanup.policy=delete, retention.ms=3600000: {alter_contact} cleanup.policy=compact,retention.ms=-1",
        f"the topic {EMAIL} has 6 partitions, not 4, and its keys are spread by that number: {again} again",
        f"the topic {QUARANTINE} has message.timestamp.type=CreateTime: {alter_quarantine} message.timestamp.type=LogAppendTime",
    ]


def test_missing_topics_are_named_and_created(kafka: EmbeddedKafka, kafka_log: KafkaLog) -> None:
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        admin.delete_topics([EMAIL, CONTACT])
    with KafkaLog(kafka.bootstrap, QUICK) as log:
        with pytest.raises(TopicError, match=f"{EMAIL} is missing: tally topics create; the topic {CONTACT} is missing"):
            log.check_topics(PARTITIONS)
        with pytest.raises(TopicError, match=f"no topic '{EMAIL}'.*tally topics create"):
            log.append([NewRecord(EMAIL, b"k", b"v")])
        assert log.create_topics(PARTITIONS) == [EMAIL, CONTACT]
        log.check_topics(PARTITIONS)
        assert log.append([NewRecord(EMAIL, b"k", b"v")])[0].offset == 0


def test_another_kafka_client_finds_the_same_records_where_its_own_partitioner_puts_them(kafka: EmbeddedKafka, kafka_log: KafkaLog) -> None:
    keys = [f"default/c-{number}".encode() for number in range(50)]
    places = kafka_log.append([NewRecord(EMAIL, key, b"ours", (("a", b"b"),)) for key in keys])
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    theirs = [producer.send(EMAIL, b"theirs", key) for key in keys]
    assert (
        [each.get(10).partition for each in theirs]
        == [place.partition for place in places]
        == [partition_for(key, PARTITIONS) for key in keys]
    )
    producer.close()
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=1000)
    place = TopicPartition(EMAIL, places[0].partition)
    consumer.assign([place])
    first = next(consumer)
    assert (first.key, first.value, first.headers, first.timestamp_type) == (keys[0], b"ours", [("a", b"b")], 1)
    consumer.close()


def test_a_compacted_partition_is_read_across_its_gaps_to_its_end(kafka: EmbeddedKafka, kafka_log: KafkaLog) -> None:
    alter(kafka, CONTACT, segment_ms="100", min_cleanable_dirty_ratio="0.001", delete_retention_ms="0", max_compaction_lag_ms="100")
    for number in range(40):
        kafka_log.append([NewRecord(CONTACT, b"k%d" % (number % 2), b"%d" % number)])
    partition = partition_for(b"k0", PARTITIONS)
    end = kafka_log.end(CONTACT, partition)
    found = kafka_log.read(CONTACT, partition, 0, 1000)
    assert found[-1].offset == end - 1
    assert [record.offset for record in found] == sorted(record.offset for record in found)
    assert kafka_log.read(CONTACT, partition, end, 10) == []


def test_the_marker_of_a_transaction_at_the_end_does_not_hold_up_a_reader(kafka: EmbeddedKafka, kafka_log: KafkaLog) -> None:
    """Its marker takes an offset that no record will ever have."""
    kafka_log.append([NewRecord(EMAIL, b"k", b"before")])
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id="foreign")
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(EMAIL, b"inside", b"k").get(10)
    producer.commit_transaction()
    producer.close()
    partition = partition_for(b"k", PARTITIONS)
    deadline = monotonic() + 10
    while kafka_log.end(EMAIL, partition) < 3:  # the broker writes it after it has answered
        assert monotonic() < deadline
        sleep(0.05)
    assert [record.value for record in kafka_log.read(EMAIL, partition, 0, 10)] == [b"before", b"inside"]
    assert kafka_log.append([NewRecord(EMAIL, b"k", b"after")]) == [Appended(partition, 3)]
    assert [record.value for record in kafka_log.read(EMAIL, partition, 2, 10)] == [b"after"]


def test_what_was_deleted_before_the_begin_is_passed_over(kafka: EmbeddedKafka, kafka_log: KafkaLog) -> None:
    kafka_log.append([NewRecord(EMAIL, b"k", b"%d" % number) for number in range(10)])
    partition = partition_for(b"k", PARTITIONS)
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        admin.delete_records({TopicPartition(EMAIL, partition): 4})
    assert (kafka_log.begin(EMAIL, partition), kafka_log.end(EMAIL, partition)) == (4, 10)
    assert [record.offset for record in kafka_log.read(EMAIL, partition, 0, 3)] == [4, 5, 6]


def test_a_broker_that_goes_away_is_an_error_after_the_set_time_and_every_sender_is_told(kafka_outage: EmbeddedKafka) -> None:
    results: list[Appended | Exception] = []
    log = KafkaLog(kafka_outage.bootstrap, QUICK)
    log.append([NewRecord(EMAIL, b"k", b"there")])
    kafka_outage.kill()
    begin = monotonic()
    with pytest.raises(LogUnavailable, match=f"Kafka at {kafka_outage.bootstrap} did not answer in time"):
        log.append([NewRecord(EMAIL, b"k", b"lost")])
    with pytest.raises(LogUnavailable):
        log.read(EMAIL, 0, 0, 1)
    for number in range(3):
        log.send(NewRecord(EMAIL, b"k%d" % number, b"x"), results.append)
    with pytest.raises(LogUnavailable, match="has not acknowledged 3 records"):
        log.flush(0.05)
    log.close()
    assert [type(result) for result in results] == [LogUnavailable] * 3
    assert monotonic() - begin < 10


def test_the_same_log_goes_on_after_an_outage_longer_than_the_set_time(kafka_outage: EmbeddedKafka) -> None:
    with KafkaLog(kafka_outage.bootstrap, QUICK) as log:
        log.append([NewRecord(EMAIL, b"k", b"before")])
        kafka_outage.kill()
        with pytest.raises(LogUnavailable):
            log.append([NewRecord(EMAIL, b"k", b"during")])
        kafka_outage.start()
        partition = log.append([NewRecord(EMAIL, b"k", b"after")])[0].partition
        values = [record.value for record in log.read(EMAIL, partition, 0, 10)]
        assert (values[0], values[-1]) == (b"before", b"after")


def test_a_broker_that_is_back_in_time_is_never_noticed(kafka_outage: EmbeddedKafka) -> None:
    results: list[Appended | Exception] = []
    with KafkaLog(kafka_outage.bootstrap, LogSettings(kafka_timeout=20)) as log:
        log.append([NewRecord(EMAIL, b"k", b"before")])
        kafka_outage.kill()
        for number in range(20):
            log.send(NewRecord(EMAIL, b"k", b"%d" % number), results.append)
        kafka_outage.start()
        log.flush(30)
        partition = partition_for(b"k", PARTITIONS)
        assert results == [Appended(partition, 1 + number) for number in range(20)]
        assert [record.value for record in log.read(EMAIL, partition, 1, 100)] == [b"%d" % number for number in range(20)]


@pytest.mark.parametrize(
    "use",
    [
        lambda log: log.append([NewRecord(EMAIL, b"k", b"v")]),
        lambda log: log.read(EMAIL, 0, 0, 1),
        lambda log: log.check_topics(),
        lambda log: log.create_topics(4),
    ],
    ids=["append", "read", "check_topics", "create_topics"],
)
def test_a_broker_that_was_never_there_is_an_error_after_the_set_time(use: Callable[[KafkaLog], object]) -> None:
    begin = monotonic()
    with (
        KafkaLog("127.0.0.1:1", LogSettings(kafka_timeout=0.5)) as log,
        pytest.raises(LogUnavailable, match=r"nobody listens at 127\.0\.0\.1:1"),
    ):
        use(log)
    assert monotonic() - begin < 5


def test_a_record_that_kafka_does_not_take_is_refused_before_it_can_stop_the_producer(kafka_log: KafkaLog) -> None:
    with pytest.raises(LogError, match="larger than Kafka takes"):
        kafka_log.append([NewRecord(EMAIL, b"k", b"x" * 1_050_000)])
    assert kafka_log.append([NewRecord(EMAIL, b"k", b"small")])[0].offset == 0


def test_a_topic_that_takes_less_than_it_should_stops_no_other_record(kafka: EmbeddedKafka, kafka_log: KafkaLog) -> None:
    alter(kafka, EMAIL, max_message_bytes="1000")
    with pytest.raises(LogError, match="larger than Kafka takes"):
        kafka_log.append([NewRecord(EMAIL, b"k", b"x" * 5000)])
    assert kafka_log.append([NewRecord(EMAIL, b"k", b"small")])[0].offset == 0


def test_security_settings_reach_the_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("")
    for name, value in {
        "SECURITY_PROTOCOL": "SASL_SSL",
        "SASL_MECHANISM": "SCRAM-SHA-512",
        "SASL_USERNAME": "mailer",
        "SASL_PASSWORD": "secret",
        "SSL_CAFILE": str(authority),
        "SSL_CHECK_HOSTNAME": "false",
    }.items():
        monkeypatch.setenv(f"TALLY_KAFKA_{name}", value)
    options = connection("a:1,b:2", LogSettings())
    assert {name: value for name, value in options.items() if name.startswith(("s", "bootstrap_servers"))} == {
        "bootstrap_servers": ["a:1", "b:2"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "mailer",
        "sasl_plain_password": "secret",
        "ssl_cafile": str(authority),
        "ssl_certfile": None,
        "ssl_keyfile": None,
        "ssl_check_hostname": False,
    }


def test_a_plaintext_broker_spoken_to_in_tls_is_an_error_after_the_set_time(kafka: EmbeddedKafka) -> None:
    """In a process of its own, since kafka-python leaves the sockets of failed connections to the garbage collector."""
    speaker = """
import sys
from events.log.kafka import KafkaLog
from events.settings import LogSettings
KafkaLog(sys.argv[1], LogSettings(kafka_timeout=1, kafka_security_protocol="SSL")).check_topics()
"""
    done = subprocess.run([sys.executable, "-c", speaker, kafka.bootstrap], capture_output=True, text=True, timeout=20, check=False)
    assert done.stderr.splitlines()[-1].startswith(f"events.log.port.LogUnavailable: Kafka at {kafka.bootstrap} did not answer in time")


def test_the_embedded_kafka_is_joined_by_its_address_and_left_running(kafka: EmbeddedKafka, kafka_log: KafkaLog) -> None:
    with open_log(LogSettings(log=f"kafka+embedded:///{kafka.folder}")) as log:
        log.append([NewRecord(EMAIL, b"k", b"v")])
    assert sum(kafka_log.ends([EMAIL]).values()) == 1


def test_a_second_folder_uses_the_jars_that_are_there(kafka: EmbeddedKafka, capfd: pytest.CaptureFixture[str]) -> None:
    assert len(jars()) > 40
    assert capfd.readouterr().err == ""


def test_a_port_that_somebody_else_took_is_named(kafka: EmbeddedKafka, tmp_path: Path) -> None:
    port = kafka.bootstrap.rpartition(":")[2]
    (tmp_path / "ports.json").write_text(f'{{"broker": {port}, "controller": {port}}}')
    with pytest.raises(ServerError, match=f"another program listens on a port .*{port}.*ports.json"):
        EmbeddedKafka(tmp_path)


def test_a_dead_letter_of_the_largest_record_fits_with_what_was_wrong_with_it(kafka_log: KafkaLog) -> None:
    largest = b"x" * (1_000_000)
    kafka_log.append([NewRecord(EMAIL, b"k", largest)])
    kafka_log.append([NewRecord(QUARANTINE, b"k", largest, (("tally-traceback", b"y" * 100_000),))])
    (record,) = kafka_log.read(QUARANTINE, partition_for(b"k", PARTITIONS), 0, 10)
    assert record.value == largest


def test_a_partition_without_offsets_yet_is_asked_again(kafka_log: KafkaLog, monkeypatch: pytest.MonkeyPatch) -> None:
    end_offsets = KafkaConsumer.end_offsets
    failures = [KeyError(TopicPartition(EMAIL, 0))]

    def fail_once(consumer: KafkaConsumer, *arguments: object, **options: object) -> object:
        if failures:
            raise failures.pop()
        return end_offsets(consumer, *arguments, **options)

    monkeypatch.setattr(KafkaConsumer, "end_offsets", fail_once)
    assert kafka_log.ends([EMAIL]) == {(EMAIL, partition): 0 for partition in range(PARTITIONS)}
    assert failures == []
