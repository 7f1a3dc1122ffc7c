"""`tally web` on an address of its own, under a stopwatch, in a process of its own."""

from time import process_time
from typing import TypedDict

from events.attached import stop_with_standard_input
from events.settings import LogSettings
from projections.settings import RedisSettings
from web.server import run_web
from web.settings import WebSettings


class Served(TypedDict):
    """CPU seconds of the process, all threads, its start included."""

    cpu_seconds: float


def serve(redis: str, log: str, port: int, tokens: str) -> Served:
    """Answer until standard input closes."""
    stop_with_standard_input()
    run_web(LogSettings(log=log), RedisSettings(redis=redis), WebSettings(web_port=port, tokens=tokens))  # type: ignore[arg-type]
    return Served(cpu_seconds=process_time())
