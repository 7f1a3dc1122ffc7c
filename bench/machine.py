"""Where a figure was measured: the machine, the versions, and which cores did the work."""

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final

import redis

import projections
from events.log.kafka_jars import KAFKA_VERSION

_LIBRARIES: Final = ("faust-streaming", "aiokafka", "kafka-python", "redis", "hiredis", "msgspec", "numpy")


def machine() -> str:
    """Processor, cores and how busy others keep them."""
    cores = os.cpu_count() or 1
    busy = os.getloadavg()[0]
    note = " - other work is going on, so trust ratios and CPU seconds only" if busy > cores / 2 else ""
    return f"{_processor()}, {cores} cores, {platform.system()}; load average {busy:.1f}{note}"


def versions(*servers: str) -> str:
    """Python, the form of the fold, the servers named, and our libraries."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return ", ".join((python, f"fold {projections.FORM}", *servers, *(f"{name} {version(name)}" for name in _LIBRARIES)))


def kafka_version() -> str:
    return f"Apache Kafka {KAFKA_VERSION}"


def redis_version(url: str) -> str:
    """The server at `url`, by the name it gives itself."""
    with redis.Redis.from_url(url) as client:
        about = client.info("server")
    return f"Valkey {about['valkey_version']}" if "valkey_version" in about else f"Redis {about['redis_version']}"


def worker_core() -> int | None:
    """The core that a measured process has to itself; None where cores cannot be told apart."""
    if sys.platform != "linux":
        return None
    cores = sorted(os.sched_getaffinity(0))
    return cores[0] if len(cores) > 1 else None


@contextmanager
def keep_off(core: int | None) -> Iterator[None]:
    """Leave a core to the measured process: this one, and the servers that it starts in the block, run on the others."""
    if sys.platform != "linux" or core is None:
        yield
        return
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, all_cores - {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_cores)


def pin(core: int | None) -> None:
    """Run on this core alone from now on, threads to come included."""
    if sys.platform == "linux" and core is not None:
        os.sched_setaffinity(0, {core})


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor() or platform.machine())
