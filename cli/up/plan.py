"""Which parts the settings ask for, and what each of them needs."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cli.up.embedded import READY
from cli.up.part import Part, module, verb
from events.log.opening import embedded_kafka_folder
from events.settings import LogSettings
from projections.settings import RedisSettings
from projections.tables.opening import embedded_redis_folder

WEB: Final = "web"
ADDRESS: Final = re.compile(r"answering (?P<address>http://[^/\s]+)/v1")
"""What `tally web` says when it answers."""
_SERVING: Final = re.compile(f"^{READY} ")


def plan(log: LogSettings, redis: RedisSettings, web: Mapping[str, str]) -> list[Part]:
    """The parts, the embedded servers first. `web`: the settings of the web server, as environment variables. Raises `StoreError`."""
    settings = {"TALLY_LOG": log.log, "TALLY_REDIS": redis.redis, "TALLY_ACCOUNT": redis.account, "TALLY_TIMEZONE": redis.timezone}
    parts = []
    stores, logs = frozenset[str](), frozenset[str]()
    if (folder := embedded_redis_folder(redis.redis)) is not None:
        parts.append(_embedded("redis", folder))
        stores = frozenset({"redis"})
    if (folder := embedded_kafka_folder(log)) is not None:
        parts.append(_embedded("kafka", folder))
        logs = frozenset({"kafka"})
    if not log.log.startswith("sqlite:"):  # which makes its topics by itself
        parts.append(Part("topics", module("cli.up.topics"), settings, after=logs, once=True))
        logs |= {"topics"}
    parts.append(Part("worker", verb("worker"), settings, after=stores | logs))
    # It starts without a log, and says so to those who ask.
    parts.append(Part(WEB, verb("web"), {**settings, **web}, after=stores, ready=ADDRESS))
    return parts


def _embedded(kind: str, folder: Path) -> Part:
    return Part(kind, module("cli.up.embedded", kind, str(folder)), ready=_SERVING)
