"""What asks a worker how it is: `/metrics` for Prometheus, `/healthz` and `/readyz` for whoever starts and restarts workers."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

_POLL: Final = 0.1


class Answer(NamedTuple):
    """`text` says in one line why."""

    good: bool
    text: str


class PortTaken(Exception):
    """The port cannot be listened on; the message names the remedy."""


class _Handler(BaseHTTPRequestHandler):
    timeout = 10.0  # somebody who connects and asks nothing

    def __init__(self, registry: CollectorRegistry, probes: Mapping[str, Callable[[], Answer]], *connection: object) -> None:
        self._registry, self._probes = registry, probes
        super().__init__(*connection)  # type: ignore[arg-type]  # as the server hands it over

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/metrics":
            encode, content_type = choose_encoder(self.headers.get("Accept", ""))
            self._say(HTTPStatus.OK, content_type, encode(self._registry))
        elif path in self._probes:
            found = self._probes[path]()
            self._text(HTTPStatus.OK if found.good else HTTPStatus.SERVICE_UNAVAILABLE, found.text)
        else:
            self._text(HTTPStatus.NOT_FOUND, f"there are /metrics, {', '.join(self._probes)}")

    def _text(self, status: HTTPStatus, text: str) -> None:
        self._say(status, "text/plain; charset=utf-8", f"{text}\n".encode())

    def _say(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  the name is that of the base class
        """A line for every scrape would hide those that matter."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked has gone before the answer was written."""


@contextmanager
def answering(host: str, port: int, registry: CollectorRegistry, **probes: Callable[[], Answer]) -> Iterator[int]:
    """Answer in threads of their own, each probe under its name (`healthz` at `/healthz`); yields the port, which for 0 is any free one.

    Raises `PortTaken`.
    """
    handler = partial(_Handler, registry, {f"/{name}": probe for name, probe in probes.items()})
    try:
        server = _Server((host, port), handler)
    except OSError as error:
        raise PortTaken(
            f"TALLY_METRICS_PORT={port} of TALLY_METRICS_HOST={host} cannot be listened on ({error.strerror or error}): give each worker "
            "of a machine a port of its own, or 0 for any that is free"
        ) from error
    thread = Thread(target=server.serve_forever, args=(_POLL,), daemon=True, name="tally-probes")
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
