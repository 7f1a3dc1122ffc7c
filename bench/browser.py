"""The browser of the distribution, and how it is started."""

import shutil
from typing import Final

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS: Final = (
    "--headless",
    "--no-sandbox",  # there is none for root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # whatever is asked for elsewhere is not found
)


def program() -> str | None:
    """The path of a browser; None if there is none."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)
