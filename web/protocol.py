"""HTTP/1.1 by httptools, with an end to how long the head of a request may be: the parser itself takes any."""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEAD: Final = 1 << 16
"""Bytes of path and headers, about: what comes with the last of them is not counted."""


class Protocol(HttpToolsProtocol):
    """One connection."""

    _in_head = False
    _head = 0

    def data_received(self, data: bytes) -> None:
        if self._in_head and self._head + len(data) > LONGEST_HEAD:
            self.send_400_response("The head of the request is too long.")
            return
        super().data_received(data)
        if self._in_head:
            self._head += len(data)

    def on_message_begin(self) -> None:
        self._in_head, self._head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()
