"""Runs the parts in this process's care, and shows what they say."""

import asyncio
import re
import signal
import sys
from typing import Final

from rich.text import Text

from cli.console import printable, stderr, stdout
from cli.up.address import free_port, page
from cli.up.plan import WEB, plan
from cli.up.supervisor import OURSELVES, Hopeless, Supervisor
from events.settings import LogSettings
from projections.settings import RedisSettings
from web.settings import WebSettings

_STYLES: Final = {"worker": "cyan", "web": "green", "redis": "magenta", "kafka": "yellow", "topics": "yellow", OURSELVES: "bold"}
_WIDTH: Final = max(map(len, _STYLES))


def run_together(log: LogSettings, redis: RedisSettings, web: WebSettings) -> int:
    """Run everything until SIGTERM, SIGHUP or SIGINT; returns the exit code: 0, or that of a part that fails again and again.

    Blocks; call it in the main thread. Raises `StoreError` for an address that is none.
    """
    # Chosen here, so that it is the same after a restart.
    port = web.web_port or free_port(web.web_host) or 0
    parts = plan(log, redis, {"TALLY_WEB_HOST": web.web_host, "TALLY_WEB_PORT": str(port)})
    lines, results = stderr(), stdout()

    def say(name: str, line: str) -> None:
        lines.print(Text.assemble((f"{name:<{_WIDTH}} | ", _STYLES[name]), printable(line)), soft_wrap=True)

    told = False

    def ready(name: str, found: re.Match[str]) -> None:
        nonlocal told
        if name == WEB and not told:
            told = True
            results.print(f"Dashboard: {page(found['address'])}", style="bold", soft_wrap=True)

    async def run() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            # Whoever started us by nohup wants SIGHUP to stay ignored.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await Supervisor(parts, say, ready).run(stop)

    say(OURSELVES, f"running {', '.join(part.name for part in parts)}; Ctrl-C stops them")
    try:
        asyncio.run(run())
    except Hopeless as hopeless:
        print(f"tally: {hopeless}", file=sys.stderr)
        return hopeless.code
    say(OURSELVES, "everything is stopped")
    return 0
