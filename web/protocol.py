"""HTTP/1.1 by httptools, with an end to what a connection may do before there is a request, and after its answer: who sends nothing, the
head of a request byte by byte or without end, or does not take what is told, would otherwise be a connection for ever.
"""

from asyncio import BaseTransport, TimerHandle
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

LONGEST_HEAD: Final = 1 << 16
"""Bytes of path and headers, about: what comes with the last of them is not counted. Likewise of what else is no content, as trailers."""
MOST_AHEAD: Final = 100
"""Requests that may wait on a connection for the answer to the one before them."""
_TOLD: Final = 100
"""Connections above the limit that are told so; those above these are cut off."""
_REFUSAL: Final = 1.0
"""Seconds in which one that is refused may ask, to be told so."""


class Protocol(HttpToolsProtocol):
    """One connection. `limited` makes the class for a server."""

    patience = 30.0
    """Seconds for the head of a request, and for what a client has to take."""
    most = 2_000
    """Connections at once."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._in_head = self._refused = self._fruitful = False
        self._barren = 0
        """Bytes since the last that were of use to anybody."""
        self._asking: TimerHandle | None = None
        """Ends when a request is there."""
        self._taking: TimerHandle | None = None
        """Ends when what was told is taken."""

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        above = len(self.connections) - self.most
        if above > _TOLD:
            self.transport.abort()
            return
        self._refused = above > 0
        self._asking = self.loop.call_later(_REFUSAL if self._refused else self.patience, self._is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        self._all_is_taken()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._refused:
            self._say(HTTPStatus.SERVICE_UNAVAILABLE, "There are as many connections as this server has; come again.", retry=True)
            return
        self._fruitful = False
        super().data_received(data)
        if self.transport.is_closing():
            return
        self._barren = 0 if self._fruitful else self._barren + len(data)
        if self._barren > LONGEST_HEAD:
            self.send_400_response("The head of the request is too long.")
        elif self._asking is None and not self._is_busy:
            self._asking = self.loop.call_later(self.patience, self._is_late)

    def on_message_begin(self) -> None:
        self._in_head = True
        self._forget()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= MOST_AHEAD:
            raise OverflowError("too many requests wait on this connection")  # the parser stops, and what it was told is at an end
        self._in_head, self._fruitful = False, True
        self._forget()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._fruitful = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._fruitful = True
        self._forget()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._say(HTTPStatus.BAD_REQUEST, "Take the answers first." if len(self.pipeline) >= MOST_AHEAD else msg)

    def timeout_keep_alive_handler(self) -> None:
        self._close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._has_to_take()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._all_is_taken()

    @property
    def _is_busy(self) -> bool:
        """Whether a request is there that is not answered yet."""
        cycle: RequestResponseCycle | None = self.cycle  # the base class says that it is there always
        return cycle is not None and not cycle.response_complete

    def _forget(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _is_late(self) -> None:
        self._asking = None
        if self._in_head:
            self._say(HTTPStatus.REQUEST_TIMEOUT, "The head of the request took too long.")
        else:
            self._close()

    def _say(self, status: HTTPStatus, text: str, *, retry: bool = False) -> None:
        """The last word, unless it would be in the middle of another one."""
        if not (self._is_busy and self.cycle.response_started):
            headers = [
                *self.server_state.default_headers,
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", str(len(text)).encode()),
                (b"connection", b"close"),
                *([(b"retry-after", b"1")] if retry else []),
            ]
            lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
            self.transport.write(STATUS_LINE[status] + lines + b"\r\n" + text.encode())
        self._close()

    def _close(self) -> None:
        self._forget()
        self.transport.close()  # once all is sent, which it may never be
        self._has_to_take()

    def _has_to_take(self) -> None:
        self._all_is_taken()
        self._taking = self.loop.call_later(self.patience, self._look, self.transport.get_write_buffer_size())

    def _look(self, left: int) -> None:
        """Slow is fine, as long as it goes on."""
        if self.transport.get_write_buffer_size() < left:
            self._has_to_take()
        else:
            self.transport.abort()

    def _all_is_taken(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None


def limited(patience: float, most: int) -> type[Protocol]:
    """The protocol with limits: seconds for the head of a request, and connections at once."""
    return type("Limited", (Protocol,), {"patience": patience, "most": most})
