"""How a server does, in numbers for Prometheus."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import Scope

from web.hub import Hub
from web.room import Room
from web.verdicts import Verdicts

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Meters:
    """The numbers of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("tally_web_requests", "Requests, by route and status", ("route", "status"), registry=self.registry)
        self.seconds = Histogram(
            "tally_web_request_seconds",
            "From the end of the head of a request to the last of its answer",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )

        self.events = Counter(
            "tally_web_events", "Events that were told, by what became of them", ("status", "reason"), registry=self.registry
        )

    def told(self, verdicts: Verdicts) -> None:
        """Count events."""
        for one in verdicts.events:
            self.events.labels(one.status, one.reason or "").inc()

    def watch(self, room: Room, hub: Hub) -> None:
        """Have the bytes on their way told, and how many look on."""
        clients = Gauge("tally_web_live_clients", "Clients that are told of changes", registry=self.registry)
        clients.set_function(lambda: hub.clients)
        taken = Gauge("tally_web_bytes_in_flight", "Bytes of events that are read, judged and not yet in the log", registry=self.registry)
        taken.set_function(lambda: room.taken)

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a request. `status` 0: nobody was there any more to get an answer."""
        route = getattr(scope.get("route"), "name", None) or "none"
        self.requests.labels(route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)
