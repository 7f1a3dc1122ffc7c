from pathlib import Path

import pytest
from pydantic import ValidationError

from events.log.kafka import KafkaLog
from events.log.opening import open_log
from events.log.port import LogError, TopicError
from events.log.sqlite import SqliteLog
from events.settings import LogSettings


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LogSettings.model_fields:
        monkeypatch.delenv(f"TALLY_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_without_settings_the_log_is_a_file_beside_the_user(tmp_path: Path) -> None:
    with open_log(LogSettings()) as log:
        assert (type(log), log.partitions("email-events")) == (SqliteLog, 4)
    assert (tmp_path / ".tally" / "log.db").exists()


def test_a_path_after_four_slashes_is_absolute(tmp_path: Path) -> None:
    open_log(LogSettings(log=f"sqlite:///{tmp_path}/deep/log.db")).close()
    assert (tmp_path / "deep" / "log.db").exists()


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLY_LOG", "sqlite:///other.db")
    monkeypatch.setenv("TALLY_PARTITIONS", "7")
    with open_log(LogSettings()) as log:
        assert log.partitions("quarantine") == 7
    assert Path("other.db").exists()


def test_a_log_that_is_there_keeps_its_partitions_unless_others_are_asked_for() -> None:
    open_log(LogSettings(partitions=2)).close()
    with open_log(LogSettings()) as log:
        assert log.partitions("email-events") == 2
    with pytest.raises(TopicError, match="has 2 partitions, not 4"):
        open_log(LogSettings(partitions=4))


@pytest.mark.parametrize("address", ["kafka://localhost:9092", "kafka://a:9092,b:9093/"])
def test_an_address_of_kafka_is_not_connected_to_before_it_is_used(address: str) -> None:
    with open_log(LogSettings(log=address)) as log:
        assert type(log) is KafkaLog


@pytest.mark.parametrize(
    "address", ["", "log.db", "sqlite://", "sqlite:///", "sqlite://log.db", "kafka://", "kafka+embedded://x", "redis://x"]
)
def test_an_address_of_no_log_is_named_with_the_forms_there_are(address: str) -> None:
    with pytest.raises(LogError, match=r"TALLY_LOG='.*' is not the address of a log; it is one of sqlite:///PATH, kafka://"):
        open_log(LogSettings(log=address))


def test_an_address_without_a_port_is_named() -> None:
    with (
        open_log(LogSettings(log="kafka://localhost", kafka_timeout=1)) as log,
        pytest.raises(LogError, match=r"'localhost' is not .* HOST:PORT"),
    ):
        log.check_topics()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PARTITIONS", "0"),
        ("PARTITIONS", "257"),
        ("REPLICATION", "0"),
        ("KAFKA_TIMEOUT", "0"),
        ("KAFKA_COMPRESSION", "rar"),
        ("KAFKA_SECURITY_PROTOCOL", "ssl"),
        ("KAFKA_SSL_CAFILE", "/no/such/file.pem"),
        ("KAFKA_SASL_MECHANISM", "KERBEROS"),
    ],
)
def test_a_malformed_setting_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"TALLY_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        LogSettings()


def test_a_login_has_to_be_complete() -> None:
    with pytest.raises(
        ValidationError, match="TALLY_KAFKA_SECURITY_PROTOCOL=SASL_SSL needs TALLY_KAFKA_SASL_MECHANISM, TALLY_KAFKA_SASL_PASSWORD"
    ):
        LogSettings(kafka_security_protocol="SASL_SSL", kafka_sasl_username="mailer")
    with pytest.raises(ValidationError, match="TALLY_KAFKA_SASL_MECHANISM is set, but TALLY_KAFKA_SECURITY_PROTOCOL is neither"):
        LogSettings(kafka_sasl_mechanism="PLAIN")


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(LogSettings.model_validate({"kafka_sasl_password": "secret", "kafka_ssl_password": "secret"}))
