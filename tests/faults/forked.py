"""What a `Zygote` starts: all that its forks need is imported, and each of them carries an action out. Run as a module.

It reads lines of JSON. {"action", "arguments", "environment", "moment", "count", "mutant", "log"}: fork, carry the action out in the fork,
and answer with its process id; with a moment the fork kills itself, as kill -9 does, when it comes there for the `count`-th time. And
{"ended": process id, "at_once": whether not to wait for it}: answer with the exit code, as of `subprocess`; null while it runs. Forks that
are left when there is nothing more to read are killed.
"""

import asyncio
import json
import os
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any, Final

from projections.moments import Moment, watch

_NEEDED: Final = (
    *("events.log.kafka", "events.log.opening", "projections.takeover", "streams.rebuild", "streams.worker"),
    *("tests.faults.mutants", "tests.faults.worker_process", "tests.faults.publisher_process"),
)
"""By any fork; nothing of it starts a thread."""


def _live(*arguments: str) -> int:
    from tests.faults.worker_process import main

    return main(arguments)


def _worker() -> int:
    from events.settings import LogSettings
    from projections.settings import RedisSettings
    from streams.settings import WorkerSettings
    from streams.worker import run_worker

    return run_worker(LogSettings(), RedisSettings(), WorkerSettings(), drain=True)


def _rebuild(how: str) -> int:
    """`begin` or `resume`: a generation, and its whole rebuild in this one process."""
    from events.log.opening import open_log
    from events.settings import LogSettings
    from projections.moments import reach
    from projections.settings import RedisSettings
    from streams import rebuild
    from streams.settings import WorkerSettings
    from streams.worker import Rebuild, run_worker

    with open_log(LogSettings()) as log:
        partitions = log.partitions("enrollment-events")
    if how == "begin":
        made = asyncio.run(_with_store(lambda store: rebuild.begin(store, partitions, 1, {})))
    else:
        made = asyncio.run(_with_store(lambda store: rebuild.resume(store, partitions)))
    code = run_worker(
        LogSettings(), RedisSettings(), WorkerSettings(), drain=True, rebuild=Rebuild(made.number, frozenset(range(partitions)))
    )
    reach(Moment.REBUILD_ENDS)
    if code == 0:
        asyncio.run(_with_store(lambda store: rebuild.mark_complete(store, made)))
    return code


def _cutover(number: str) -> int:
    from projections import takeover

    asyncio.run(_with_store(lambda store: takeover.cutover(store, int(number))))
    return 0


def _drop(number: str) -> int:
    from projections import takeover

    async def drop(store: Any) -> None:
        async for _ in takeover.drop(store, int(number)):
            pass

    asyncio.run(_with_store(drop))
    return 0


async def _with_store(use: Callable[[Any], Awaitable[Any]]) -> Any:
    from projections.settings import RedisSettings
    from projections.tables.redis import RedisWritableStore

    store = RedisWritableStore(RedisSettings().redis)
    try:
        return await use(store)
    finally:
        await store.aclose()


def _publish(*arguments: str) -> int:
    from tests.faults.publisher_process import publish

    return publish(*arguments)


ACTIONS: Mapping[str, Callable[..., int]] = {
    "live": _live,
    "publish": _publish,
    "worker": _worker,
    "rebuild": _rebuild,
    "cutover": _cutover,
    "drop": _drop,
}


def _carry_out(asked: Mapping[str, Any]) -> int:
    os.environ.update(asked["environment"])
    output = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    if asked["moment"] is not None:
        _die_at(Moment(asked["moment"]), asked["count"])
    if asked["mutant"] is not None:
        from tests.faults.mutants import MUTANTS

        MUTANTS[asked["mutant"]].apply(setattr)
    return ACTIONS[asked["action"]](*asked["arguments"])


def _die_at(wanted: Moment, count: int) -> None:
    left = count

    def look(moment: Moment) -> None:
        nonlocal left
        if moment == wanted:
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    watch(look)


def main() -> None:
    for needed in _NEEDED:
        import_module(needed)
    left: set[int] = set()
    for line in sys.stdin:
        asked = json.loads(line)
        if "ended" in asked:
            pid, status = os.waitpid(asked["ended"], os.WNOHANG if asked["at_once"] else 0)
            answer = os.waitstatus_to_exitcode(status) if pid else None
            left.discard(pid)
        else:
            answer = _fork(asked)
            left.add(answer)
        print(json.dumps(answer), flush=True)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _fork(asked: Mapping[str, Any]) -> int:
    child = os.fork()
    if child:
        return child
    os.close(0)
    code = 1
    try:
        code = _carry_out(asked)
    except SystemExit as ending:
        code = int(ending.code or 0)
    except BaseException:  # noqa: BLE001  whatever it is, the fork ends here and not in the loop of its parent
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
