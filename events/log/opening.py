"""Open the log that the settings name."""

from pathlib import Path

from events.log.port import Log, LogError
from events.log.sqlite import SqliteLog
from events.settings import LogSettings

_FORMS = "sqlite:///PATH, kafka://HOST:PORT[,HOST:PORT...] or kafka+embedded:///FOLDER"
_EMBEDDED = "kafka+embedded:///"


def open_log(settings: LogSettings) -> Log:
    """The log of `settings.log`; the caller closes it. Raises `LogError` for an address of another form, and what the log itself raises.

    A path after three slashes is relative to the working folder, after four absolute. SQLite makes its topics by itself; on Kafka they
    have to be created.
    """
    scheme, found, rest = settings.log.partition("://")
    path = rest.removeprefix("/")
    if found and scheme == "sqlite" and rest.startswith("/") and path:
        return SqliteLog(Path(path), settings.asked_partitions)
    # The Kafka client takes a third of a second to import, which nobody on SQLite need wait for.
    if (folder := embedded_kafka_folder(settings)) is not None:
        from events.log.embedded_kafka_log import EmbeddedKafkaLog

        return EmbeddedKafkaLog(folder, settings)
    if found and scheme == "kafka" and rest.strip("/"):
        from events.log.kafka import KafkaLog

        return KafkaLog(rest.strip("/"), settings)
    raise LogError(f"TALLY_LOG={settings.log!r} is not the address of a log; it is one of {_FORMS}")


def embedded_kafka_folder(settings: LogSettings) -> Path | None:
    """The folder of the Kafka node of our own that the settings ask for; None if they ask for another log."""
    path = settings.log.removeprefix(_EMBEDDED)
    return Path(path) if settings.log.startswith(_EMBEDDED) and path else None
