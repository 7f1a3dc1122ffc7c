"""The web server of a demo, and the browser that shows it."""

import os
import sys
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from cli.demo.process import Process, running
from cli.up.address import free_port, page
from cli.up.plan import ADDRESS

_HOST: Final = "127.0.0.1"
_POLL: Final = 0.02
_PATIENCE: Final = 30.0


class Dashboard:
    """A web server that answers this machine alone."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.address: str | None = None
        """Where a browser finds it; None before it answers."""

    def wait(self) -> None:
        """Until it answers, or has ended instead."""
        deadline = monotonic() + _PATIENCE
        while self.address is None and not self._process.has_ended and monotonic() < deadline:
            if found := self._process.said(ADDRESS):
                self.address = page(found["address"])
            else:
                sleep(_POLL)

    def last_words(self) -> str:
        """The last line that it has said."""
        return self._process.last_words()

    def check(self) -> None:
        """Raises `Failure` if it answered once and has ended."""
        if self.address is not None:
            self._process.check()


@contextmanager
def serving(settings: Mapping[str, str], folder: Path, port: int) -> Iterator[Dashboard]:
    """A web server until the end of the block; at `port`, or at any other if it is taken. It keeps to itself what it needs in `folder`."""
    place = {"TALLY_WEB_HOST": _HOST, "TALLY_WEB_PORT": str(free_port(_HOST, port) or 0), "TALLY_TOKENS": str(folder / "tokens.json")}
    with running("web server", ["web"], {**settings, **place}, folder / "web.log") as process:
        yield Dashboard(process)


def show_in_browser(address: str) -> bool:
    """Show the page in the browser of this machine; False where there is none, or nothing to show it on."""
    graphical = sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return graphical and webbrowser.open(address)
