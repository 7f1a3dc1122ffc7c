"""A Redis Cluster of three real servers on this machine, without replicas."""

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import redis
from redis.crc import REDIS_CLUSTER_HASH_SLOTS

from projections.tables.embedded_redis import EmbeddedRedis
from tests.faults.processes import until

NODES = 3


class ClusterNode(EmbeddedRedis):
    """One server of a cluster, at a port of the loopback that stays the same when it is killed and started again."""

    def __init__(self, folder: Path, server: str | None = None) -> None:
        self.port, self._bus = _free_ports(2)
        super().__init__(folder, server)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, decode_responses=True)

    def command(self) -> Sequence[str]:
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "cluster-enabled": "yes",
            "cluster-config-file": "nodes.conf",
            "cluster-port": str(self._bus),
            "cluster-announce-ip": "127.0.0.1",
            "cluster-node-timeout": "1000",
        }
        return [*super().command(), *(word for name, value in options.items() for word in (f"--{name}", value))]


class LocalCluster:
    """Three nodes in `folder`, each with a third of the hash slots. `server`: another program than the extra's Valkey."""

    def __init__(self, folder: Path, server: str | None = None) -> None:
        with ExitStack() as stack:
            self.nodes = [stack.enter_context(ClusterNode(folder / str(number), server)) for number in range(NODES)]
            self._meet()
            self._nodes = stack.pop_all()

    @property
    def url(self) -> str:
        """Of any node: it leads to the others."""
        return self.nodes[0].url

    def owner(self, slot: int) -> ClusterNode:
        """The node that has had a slot from the start."""
        return self.nodes[slot * NODES // REDIS_CLUSTER_HASH_SLOTS]

    def emptied(self) -> Self:
        """The same cluster, all its nodes running and without a key."""
        for node in self.nodes:
            node.start()
        self.until_ok()
        for node in self.nodes:
            with node.client() as client:
                client.flushall()
        return self

    def until_ok(self) -> None:
        """Wait until every node sees all the others and serves."""
        until(lambda: all(map(_is_ok, self.nodes)), 30, lambda: f"a cluster of {[node.url for node in self.nodes]}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._nodes.close()

    def _meet(self) -> None:
        bounds = [-(-number * REDIS_CLUSTER_HASH_SLOTS // NODES) for number in range(NODES + 1)]
        for node, first, end in zip(self.nodes, bounds, bounds[1:], strict=False):
            with node.client() as client:
                client.execute_command("CLUSTER ADDSLOTSRANGE", first, end - 1)
                for other in self.nodes:
                    client.execute_command("CLUSTER MEET", "127.0.0.1", other.port, other._bus)
        self.until_ok()


def _is_ok(node: ClusterNode) -> bool:
    with node.client() as client:
        told = client.execute_command("CLUSTER INFO")
    return (told["cluster_state"], told["cluster_known_nodes"]) == ("ok", str(NODES))


def _free_ports(number: int) -> list[int]:
    """Ports that nobody listens at."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
