"""Which parts there are for which settings."""

import socket

import pytest

from cli.up.address import free_port, page
from cli.up.part import Part
from cli.up.plan import plan
from events.settings import LogSettings
from projections.settings import RedisSettings
from projections.tables.store import StoreError


def parts(log: str, redis: str) -> dict[str, Part]:
    return {part.name: part for part in plan(LogSettings(log=log), RedisSettings(redis=redis), {"TALLY_WEB_PORT": "1"})}


@pytest.mark.parametrize(
    ("log", "redis", "expected"),
    [
        ("sqlite:///log.db", "redis://r", {"worker": set(), "web": set()}),
        ("sqlite:///log.db", "embedded:///r", {"redis": set(), "worker": {"redis"}, "web": {"redis"}}),
        ("kafka://k:9092", "redis://r", {"topics": set(), "worker": {"topics"}, "web": set()}),
        (
            "kafka+embedded:///k",
            "embedded:////tmp/r",
            {"redis": set(), "kafka": set(), "topics": {"kafka"}, "worker": {"redis", "kafka", "topics"}, "web": {"redis"}},
        ),
    ],
)
def test_embedded_servers_are_parts_and_the_others_wait_for_them(log: str, redis: str, expected: dict[str, set[str]]) -> None:
    found = parts(log, redis)
    assert {name: set(part.after) for name, part in found.items()} == expected
    for name in ("worker", "web"):
        assert {"TALLY_LOG": log, "TALLY_REDIS": redis}.items() <= found[name].settings.items()
    assert found["web"].settings["TALLY_WEB_PORT"] == "1"


def test_a_server_that_serves_is_ready_and_so_is_a_web_server_that_answers() -> None:
    found = parts("sqlite:///log.db", "embedded:///r")
    assert found["redis"].ready is not None
    assert found["web"].ready is not None
    assert found["redis"].ready.search("serving in /tmp/r")
    answering = found["web"].ready.search("INFO tally.web: answering http://[::1]:8340/v1 (a token is needed)")
    assert answering is not None
    assert answering["address"] == "http://[::1]:8340"


def test_an_address_without_a_folder_is_refused() -> None:
    with pytest.raises(StoreError, match="names no folder"):
        parts("sqlite:///log.db", "embedded:///")


def test_a_browser_is_led_to_this_machine() -> None:
    assert page("http://127.0.0.1:8340") == "http://127.0.0.1:8340/"
    assert page("http://0.0.0.0:8340") == "http://127.0.0.1:8340/"
    assert page("http://[::]:8340") == "http://[::1]:8340/"


def test_a_port_is_free_or_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert free_port("127.0.0.1", port) is None
    assert free_port("127.0.0.1", port) == port
    assert free_port("127.0.0.1") not in (None, 0)
    assert free_port("192.0.2.1") is None
