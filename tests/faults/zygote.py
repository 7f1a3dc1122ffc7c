"""Processes that begin in milliseconds: everything is imported once, and each of them is a fork. Run as a module, it serves a `Zygote`.

It reads lines of JSON, {"action", "arguments", "environment", "moment", "count", "mutant", "log"}, forks, carries the action out in the
fork, and answers with how it ended: {"code", "signal"}. With a moment the fork kills itself, as kill -9 does, when it comes there for
the `count`-th time.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Self

from projections.moments import Moment, watch


@dataclass(frozen=True)
class Ended:
    """How a process came to its end: by an exit code, or killed."""

    code: int | None
    signal: int | None

    @property
    def killed(self) -> bool:
        return self.signal == signal.SIGKILL


class Zygote:
    """The process that forks, seen from the tests."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )

    def run(
        self,
        action: str,
        environment: Mapping[str, str],
        *arguments: str,
        moment: Moment | None = None,
        count: int = 1,
        mutant: str | None = None,
    ) -> Ended:
        """Carry out an action of `ACTIONS` in a process of its own; killed at the `count`-th time that it comes to `moment`."""
        asked = {
            "action": action,
            "arguments": arguments,
            "environment": dict(environment),
            "moment": moment,
            "count": count,
            "mutant": mutant,
            "log": str(self._folder / "forks.log"),
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))

    @property
    def log(self) -> str:
        """What all forks have said."""
        return (self._folder / "forks.log").read_text()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.communicate()  # closes its standard input, which ends it


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


ACTIONS: Mapping[str, Callable[..., int]] = {"worker": _worker, "rebuild": _rebuild, "cutover": _cutover, "drop": _drop}


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
    for needed in ("events.log.opening", "projections.takeover", "streams.rebuild", "streams.worker", "tests.faults.mutants"):
        import_module(needed)  # by every fork; nothing of it starts a thread
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
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
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        told = {"code": None if killed else os.WEXITSTATUS(status), "signal": os.WTERMSIG(status) if killed else None}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
