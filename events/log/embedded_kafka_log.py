"""The log on a Kafka node of our own, which is joined or started with it."""

from pathlib import Path

from events.log.embedded_kafka import EmbeddedKafka
from events.log.kafka import KafkaLog
from events.log.port import LogUnavailable
from events.settings import LogSettings
from events.shared_process import ServerError


class EmbeddedKafkaLog(KafkaLog):
    """The log on a Kafka node of our own, which it leaves when it is closed."""

    def __init__(self, folder: Path, settings: LogSettings) -> None:
        try:
            self._kafka = EmbeddedKafka(folder)
        except ServerError as error:
            raise LogUnavailable(str(error)) from error
        super().__init__(self._kafka.bootstrap, settings)

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._kafka.close()
