"""What a worker answers to those who ask how it is."""

import urllib.error
import urllib.request

import pytest

from streams.health import Health
from streams.metrics import Meters, Metric
from streams.probes import PortTaken, answering


def ask(port: int, path: str) -> tuple[int, str]:
    """Status and text."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_metrics_and_probes_are_answered_on_a_free_port() -> None:
    meters, health = Meters(), Health(30)
    meters.add(Metric.EVENTS, 5)
    with answering("127.0.0.1", 0, meters.registry, healthz=health.alive, readyz=health.ready) as port:
        status, text = ask(port, "/metrics")
        assert (status, "tally_events_total 5.0" in text) == (200, True)
        assert ask(port, "/healthz") == (200, "alive\n")
        assert ask(port, "/readyz") == (503, "it has not started yet\n")
        health.missing = None
        assert ask(port, "/readyz?verbose") == (200, "ready\n")
        health.failure = RuntimeError("it broke")
        assert ask(port, "/healthz") == (503, "it is ending: it broke\n")
        assert ask(port, "/") == (404, "there are /metrics, /healthz, /readyz\n")
    with pytest.raises(urllib.error.URLError):
        ask(port, "/healthz")


def test_a_port_that_is_taken_is_an_error_that_names_the_remedy() -> None:
    meters, health = Meters(), Health(30)
    with (
        answering("127.0.0.1", 0, meters.registry, healthz=health.alive) as port,
        pytest.raises(PortTaken, match=rf"TALLY_METRICS_PORT={port} .* a port of its own, or 0"),
        answering("127.0.0.1", port, meters.registry, healthz=health.alive),
    ):
        pass


def test_an_event_loop_that_does_not_turn_is_not_alive() -> None:
    assert not Health(-1).alive().good
