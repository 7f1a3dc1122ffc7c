"""What every Kafka client of the log shares: how it connects, and what its errors mean."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any, TypeVar

from kafka.errors import (
    AuthorizationError,
    IllegalSaslStateError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    RetriableError,
    SaslAuthenticationFailedError,
    UnknownTopicOrPartitionError,
    UnsupportedSaslMechanismError,
)
from kafka.net.compat import KafkaNetClient

from events.log.port import LogError, LogUnavailable, TopicError
from events.settings import LogSettings

Client = TypeVar("Client")

_RETRY = 0.1  # seconds
CREATE_COMMAND = "tally topics create"


def connection(bootstrap: str, settings: LogSettings) -> dict[str, Any]:
    """The options of kafka-python that say where the brokers are, how long to wait for them, and how to be let in."""
    milliseconds = int(settings.kafka_timeout * 1000)
    options: dict[str, Any] = {
        "bootstrap_servers": bootstrap.split(","),
        "bootstrap_timeout_ms": milliseconds,
        "request_timeout_ms": milliseconds,
        "reconnect_backoff_max_ms": 1000,
        "security_protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_security_protocol in ("SSL", "SASL_SSL"):
        for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile"):
            path = getattr(settings, f"kafka_{name}")
            options[name] = None if path is None else str(path)
        options["ssl_check_hostname"] = settings.kafka_ssl_check_hostname
        if settings.kafka_ssl_password is not None:
            options["ssl_password"] = settings.kafka_ssl_password.get_secret_value()
    if settings.kafka_sasl_mechanism is not None and settings.kafka_sasl_password is not None:
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
        options["sasl_plain_username"] = settings.kafka_sasl_username
        options["sasl_plain_password"] = settings.kafka_sasl_password.get_secret_value()
    return options


def connect(kind: Callable[..., Client], bootstrap: str, timeout: float, **options: Any) -> Client:
    """Make a client of kafka-python, once somebody listens at one of the addresses. Raises `LogUnavailable` when nobody does for
    `timeout` seconds.

    A client that cannot connect while it is made would leave its sockets and its thread behind.
    """
    _await_listener(bootstrap, timeout)
    made = []

    def remember(**network: Any) -> KafkaNetClient:
        made.append(KafkaNetClient(**network))
        return made[-1]

    try:
        return kind(**options, kafka_client=remember)
    except BaseException:
        for client in made:
            client.close()
            client._net.stop()
        raise


def _await_listener(bootstrap: str, timeout: float) -> None:
    deadline = monotonic() + timeout
    while True:
        for address in bootstrap.split(","):
            host, _, port = address.strip().rpartition(":")
            try:
                socket.create_connection((host, int(port)), timeout=max(0.1, deadline - monotonic())).close()
            except ValueError as error:
                raise LogError(
                    f"{address!r} is not the address of a Kafka broker; write HOST:PORT, as in TALLY_LOG=kafka://localhost:9092"
                ) from error
            except OSError:  # nobody there, or no such name
                continue
            return
        if monotonic() > deadline:
            raise LogUnavailable(f"nobody listens at {bootstrap} after {timeout:g} s; see that Kafka runs and TALLY_LOG names it")
        sleep(_RETRY)


def meaning(error: Exception, bootstrap: str) -> LogError:
    """The `LogError` for what kafka-python raised."""
    what = str(error) or type(error).__name__
    if isinstance(error, SaslAuthenticationFailedError | UnsupportedSaslMechanismError | IllegalSaslStateError | AuthorizationError):
        return LogError(
            f"Kafka at {bootstrap} does not let us in: {what}; see the settings TALLY_KAFKA_SASL_... and the rights of the user"
        )
    if isinstance(error, UnknownTopicOrPartitionError):
        return TopicError(f"Kafka at {bootstrap} knows no such topic or partition: {what}; make the topics with: {CREATE_COMMAND}")
    if isinstance(error, MessageSizeTooLargeError | RecordListTooLargeError):
        return LogError(f"the record is larger than Kafka takes: {what}; raise max.message.bytes of its topic, or send less")
    if isinstance(error, RetriableError):  # time-outs, lost connections, leaders on the move
        return LogUnavailable(f"Kafka at {bootstrap} did not answer in time ({what}); see that it runs and TALLY_LOG names it")
    return LogError(f"Kafka at {bootstrap} refused: {what}")


@contextmanager
def translated(bootstrap: str) -> Iterator[None]:
    """Raise the errors of kafka-python as `LogError`."""
    try:
        yield
    except KafkaError as error:
        raise meaning(error, bootstrap) from error
    except OSError as error:  # a certificate file that is not there, a host name that leads nowhere
        raise LogUnavailable(f"cannot connect to Kafka at {bootstrap}: {error}; see the settings TALLY_LOG and TALLY_KAFKA_...") from error
