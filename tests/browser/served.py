"""A Tally of its own for tests: `tally worker` and `tally web` as people run them, over SQLite and an embedded Redis."""

import asyncio
import json
import re
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, Final

from httpx import AsyncClient

from tests.integration.cli.conftest import command, environment

_PATIENCE: Final = 60.0
_FAREWELL: Final = 20.0
_BATCH: Final = 1000


class Served:
    """A folder with everything that the two processes keep. `token`: what the tests themselves ask with, if one is needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        """Where it is found, such as http://127.0.0.1:12345."""
        self.token: str | None = None
        self._web: subprocess.Popen[bytes] | None = None
        self._worker: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start both."""
        self.start_worker()
        await self.start_web()

    def start_worker(self) -> None:
        """Start a worker; it has begun when it counts."""
        self._worker = self._run("worker")

    def stop_worker(self) -> None:
        """In order."""
        assert self._worker is not None
        self._worker.terminate()
        self._worker.wait(_FAREWELL)

    async def start_web(self) -> None:
        """Start the server, at the port that it had before."""
        port = self.address.rpartition(":")[2] or "0"
        said = self.folder / "web.log"
        said.unlink(missing_ok=True)
        self._web = self._run("web", "--port", port)

        async def answers() -> bool:
            found = re.search(r"answering (http://127\.0\.0\.1:\d+)/v1", said.read_text())
            self.address = found[1] if found else self.address
            assert self._web is not None
            assert self._web.poll() is None, said.read_text()
            return found is not None

        await until(answers, said.read_text)

    def kill_web(self) -> None:
        """As kill -9."""
        assert self._web is not None
        self._web.kill()
        self._web.wait()

    def stop(self) -> None:
        """Stop both, in order, so that the embedded Redis ends with them."""
        running = [process for process in (self._web, self._worker) if process is not None and process.poll() is None]
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(_FAREWELL)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    async def tally(self, *arguments: str) -> str:
        """What a command prints."""

        def call() -> str:
            return subprocess.run(
                command(*arguments), cwd=self.folder, env=environment(), stdout=subprocess.PIPE, check=True, text=True
            ).stdout

        return await asyncio.to_thread(call)

    async def publish(self, events: Sequence[dict[str, Any]], *, settled: bool = True) -> None:
        """Publish events over HTTP; all of them have to be accepted. `settled`: wait until they are counted."""
        async with self._client() as client:
            for first in range(0, len(events), _BATCH):
                content = json.dumps(events[first : first + _BATCH])
                headers = {"Content-Type": "application/cloudevents-batch+json"}
                answer = await client.post("/v1/events", content=content, headers=headers)
                assert (answer.status_code, answer.json()["refused"]) == (200, 0), answer.text
        if settled:
            await self.settled()

    async def settled(self) -> None:
        """Wait until every event is counted."""
        said = self.folder / "worker.log"

        async def counted() -> bool:
            return bool((await self.told("/v1/analyze"))["as_of"]["lag"] == 0)

        await until(counted, said.read_text)

    async def told(self, path: str) -> Any:
        """What the API says."""
        async with self._client() as client:
            answer = await client.get(path)
            assert answer.status_code == 200, answer.text
            return answer.json()

    def _client(self) -> AsyncClient:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return AsyncClient(base_url=self.address, headers=headers, timeout=_PATIENCE)

    def _run(self, *arguments: str) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{arguments[0]}.log").open("ab") as output:
            return subprocess.Popen(command(*arguments), cwd=self.folder, env=environment(), stdout=output, stderr=output)


async def until(condition: Callable[[], Awaitable[object]], told: Callable[[], str] = str) -> None:
    """Wait for something that others do. (What playwright has for it would evaluate strings, which the policy of the pages forbids.)"""
    deadline = monotonic() + _PATIENCE
    while not await condition():
        assert monotonic() < deadline, told()
        await asyncio.sleep(0.05)
