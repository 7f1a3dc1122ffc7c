"""The server process: opens what it reads from, listens, says so, and ends as it should."""

import asyncio
import gc
import logging
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from typing import NoReturn

import uvicorn

from events.log.opening import open_log
from events.settings import LogSettings
from events.topics import SOURCE_TOPICS
from projections.settings import RedisSettings
from projections.tables.opening import redis_url
from projections.tables.reader import Reader
from projections.tables.redis import RedisStore, RedisWritableStore
from projections.tables.subscription import heard
from web.access import Access, is_loopback
from web.answers import Answers
from web.app import make_app
from web.calls import Calls
from web.ends import SharedEnds
from web.hub import Hub
from web.intake import Intake
from web.late_log import LateLog
from web.oversight import Premises, opened, without_secrets
from web.protocol import limited
from web.settings import WebSettings
from web.tokens import Tokens

if sys.platform == "win32":
    from asyncio import run
else:
    from uvloop import run

logger = logging.getLogger("tally.web")

_REDIS_TIMEOUT = 5.0
_BROKERS_TIMEOUT = 5.0
"""Somebody waits for each answer; a worker has more time."""
_INTAKE_THREADS = 2
"""Judging is work of the one interpreter; a second thread is for when the log keeps the first one waiting."""
_FAREWELL = 3
"""Seconds that requests in hand get at the end."""
_WAITING_CONNECTIONS = 1024
_OTHER_FILES = 512
_LOG_THREADS = 4
"""They mostly wait."""


class CannotListen(Exception):
    """The address cannot be listened on, or must not be; the message is one line and names the remedy."""


def run_web(log_settings: LogSettings, redis_settings: RedisSettings, settings: WebSettings) -> None:
    """Answer until SIGTERM or SIGINT. Blocks; call it in the main thread.

    Raises `CannotListen`, `TokenFileError`; `StoreError`, `ServerError` and `LogError` for an address that is none. A Redis or a log that
    does not answer is waited for, and those who ask are told.
    """
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("uvicorn", "kafka"):
        logging.getLogger(name).setLevel(logging.WARNING)
    _room_for(settings.web_connections)
    tokens = Tokens(settings.tokens)
    access = Access(tokens, redis_settings.account)
    if access.open and not is_loopback(settings.web_host):
        raise CannotListen(
            f"TALLY_WEB_HOST={settings.web_host} can be reached from elsewhere, and no token is needed yet: make one (tally token create), "
            "or listen on 127.0.0.1"
        )
    signal.signal(signal.SIGTERM, _leave)  # until the event loop listens to it: what was opened by then is closed
    with ExitStack() as stack:
        listener = stack.enter_context(_listening(settings.web_host, settings.web_port))
        url = stack.enter_context(redis_url(redis_settings.redis))
        store = stack.enter_context(RedisStore(url, _REDIS_TIMEOUT))
        impatient = log_settings.model_copy(update={"kafka_timeout": min(log_settings.kafka_timeout, _BROKERS_TIMEOUT)})
        log = stack.enter_context(closing(LateLog(partial(open_log, impatient))))
        answers = Answers(
            reader=Reader(store, partitions=log_settings.partitions),
            log=log.get,
            ends=SharedEnds(lambda: log.get().ends(SOURCE_TOPICS)),
            calls=Calls(settings.web_threads, "report", lambda: access.shared),
            log_calls=Calls(_LOG_THREADS, "log", lambda: access.shared),
            time_zone=redis_settings.timezone,
        )
        intake = Intake(log.get, Calls(_INTAKE_THREADS, "intake"))
        hub = Hub(answers.headlines, partial(heard, url))
        whole = partial(opened, partial(RedisWritableStore, url, _REDIS_TIMEOUT))
        premises = Premises(without_secrets(log_settings.log), without_secrets(redis_settings.redis), whole)
        config = uvicorn.Config(
            make_app(answers, intake, hub, access, settings, premises),
            http=limited(settings.web_timeout, settings.web_connections),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_FAREWELL,
        )
        logger.info("answering http://%s/v1 (%s)", _place(listener), _who(access, tokens))
        _settle_in()
        run(_serve(_Server(config), listener, hub))


def _leave(*_: object) -> NoReturn:
    raise SystemExit(0)


class _Server(uvicorn.Server):
    """Ends by our own signal handlers, so that all that was opened is closed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(server: _Server, listener: socket.socket, hub: Hub) -> None:
    def stop() -> None:
        hub.close()
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    await server.serve([listener])


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio would let answers wait for acknowledgements of their first part (40 ms each).
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host.strip("[]"), port))
            listener.listen(_WAITING_CONNECTIONS)
        except OSError as error:
            raise CannotListen(
                f"TALLY_WEB_PORT={port} of TALLY_WEB_HOST={host} cannot be listened on ({error.strerror or error}): choose another port, "
                "or 0 for any that is free"
            ) from error
        yield listener


def _who(access: Access, tokens: Tokens) -> str:
    """Who may ask, for whoever starts the server."""
    if access.open:
        return "no token is needed: whoever is on this machine may ask and publish"
    return "a token is needed" if tokens.all() else f"a token is needed, and the last one was revoked; {tokens.ways_on}"


def _room_for(connections: int) -> None:
    """As many files as connections and the rest may need, if the system allows it without being asked."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_FILES
    if resource.RLIM_INFINITY != now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))


def _settle_in() -> None:
    """Whoever asks waits while Python looks for garbage that goes in circles: 50 ms each time that it looks through all there is.

    What the program is made of stays anyway, and is not looked at again.
    """
    gc.collect()
    gc.freeze()


def _place(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
