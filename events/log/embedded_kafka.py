"""A real Apache Kafka of our own in a folder: one node on loopback, without Docker and without a Java of the system."""

import json
import secrets
import socket
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from subprocess import run

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from events.log.kafka_jars import archive, can_archive, jars, java
from events.shared_process import ServerError, SharedProcess

_LOOPBACK = "127.0.0.1"
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers={host}:{controller}
listeners=PLAINTEXT://{host}:{broker},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{broker},CONTROLLER://{host}:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.retention.ms=-1
auto.create.topics.enable=false
log.cleaner.dedupe.buffer.size=16777216
num.io.threads=2
num.network.threads=2
# A node that was killed may listen again after these, not after the 9 s of the defaults.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""


class EmbeddedKafka(SharedProcess):
    """The Kafka node in `folder`: joined, or started when nobody has; `close` stops it when nobody else uses it.

    Its data and its ports stay the same from start to start. With `train` a node that this object starts writes, when it is stopped, the
    archive of loaded classes from which later starts of this user take half a second instead of two (5 s more, once; not after `kill`).
    Raises `ServerError`, also when the extra `kafka-embedded` is not installed.
    """

    stop_timeout = 60.0

    def __init__(self, folder: Path | str, *, train: bool = False) -> None:
        self._train = train
        super().__init__(folder)

    @property
    def bootstrap(self) -> str:
        """Where it listens, as `host:port`."""
        return f"{_LOOPBACK}:{self._ports()['broker']}"

    def command(self) -> Sequence[str]:
        ports = self._ports()
        if not all(map(_is_free, ports.values())):
            raise ServerError(
                f"another program listens on a port of the Kafka in {self.folder} ({ports['broker']} or {ports['controller']}): end it, "
                f"or remove {self._ports_file} to have others chosen"
            )
        properties = self.folder / "server.properties"
        properties.write_text(_PROPERTIES.format(host=_LOOPBACK, data=self.folder / "data", **ports))
        program = [
            str(java()),
            "-Djava.awt.headless=true",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            ":".join(map(str, jars())),
        ]
        if not (self.folder / "data" / "meta.properties").exists():
            self._format(program, properties)
        options = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", *self._archive_options()]
        return [program[0], *options, *program[1:], "kafka.Kafka", str(properties)]

    def ended(self) -> None:
        if self._new_archive.exists():
            self._new_archive.replace(archive())

    @property
    def _new_archive(self) -> Path:
        return self.folder / "new.aot"

    def _archive_options(self) -> list[str]:
        if archive().exists():
            return [f"-XX:AOTCache={archive()}"]
        return [f"-XX:AOTCacheOutput={self._new_archive}"] if self._train and can_archive() else []

    def answers(self) -> bool:
        try:
            with closing(socket.create_connection((_LOOPBACK, self._ports()["broker"]), timeout=1)):
                pass
            KafkaAdminClient(bootstrap_servers=self.bootstrap, bootstrap_timeout_ms=2000).close()
        except (OSError, KafkaError):
            return False
        return True

    @property
    def _ports_file(self) -> Path:
        return self.folder / "ports.json"

    def _ports(self) -> dict[str, int]:
        if not self._ports_file.exists():
            with socket.create_server((_LOOPBACK, 0)) as broker, socket.create_server((_LOOPBACK, 0)) as controller:
                chosen = {"broker": broker.getsockname()[1], "controller": controller.getsockname()[1]}
            self._ports_file.write_text(json.dumps(chosen))
        ports: dict[str, int] = json.loads(self._ports_file.read_text())
        return ports

    def _format(self, program: Sequence[str], properties: Path) -> None:
        """Give an empty folder its cluster id, once. An id must not begin with a dash."""
        identity = "T" + urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")[1:]
        done = run(
            [*program, "kafka.tools.StorageTool", "format", "--standalone", "-t", identity, "-c", str(properties)],
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise ServerError(f"cannot prepare {self.folder} for Kafka: {(done.stderr or done.stdout).strip().splitlines()[-1]}")


def _is_free(port: int) -> bool:
    try:
        with socket.create_server((_LOOPBACK, port)):
            return True
    except OSError:
        return False
