"""A part of a benchmark in a process of its own: a function called by its name, its result, and its end."""

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.machine import pin

_GRACE = 10.0


class ProcessFailed(Exception):
    """The process ended without a result; the message has its last words."""


class Process:
    """`function` (module:name) called with `arguments` in a process of its own on `core`, until the end of the block.

    Arguments and result are what JSON can hold. What the process says goes to `folder`/NAME.log.
    """

    def __init__(self, function: str, arguments: Mapping[str, Any], folder: Path, *, core: int | None = None) -> None:
        name = function.rpartition(":")[0].rpartition(".")[2]
        self._said = folder / f"{name}.log"
        self._result = folder / f"{name}.json"
        self._result.unlink(missing_ok=True)
        call = json.dumps({"function": function, "arguments": dict(arguments), "core": core, "result": str(self._result)})
        with self._said.open("wb") as output:
            # The closed end of standard input tells it, however we end, that nobody waits for it any more.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.process", call], stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True
            )

    def result(self, timeout: float) -> Any:
        """What the function returned, once it has. Raises `ProcessFailed`."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise ProcessFailed(f"{self._said.stem} was not done after {timeout:g} s: {self._last_words()}") from error
        if code:
            raise ProcessFailed(f"{self._said.stem} ended with exit code {code}: {self._last_words()}")
        return json.loads(self._result.read_text())

    def check(self) -> None:
        """Raises `ProcessFailed` if it has ended."""
        if self._process.poll() is not None:
            raise ProcessFailed(f"{self._said.stem} ended with exit code {self._process.returncode}: {self._last_words()}")

    def release(self) -> None:
        """Close its standard input, for which a function may wait."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _last_words(self) -> str:
        lines = [line.strip() for line in self._said.read_text(errors="replace").splitlines() if line.strip()]
        return " / ".join(lines[-3:]) or "it said nothing"


def _main(text: str) -> None:
    call = json.loads(text)
    pin(call["core"])
    module, _, name = call["function"].partition(":")
    result = getattr(import_module(module), name)(**call["arguments"])
    Path(call["result"]).write_text(json.dumps(result))


if __name__ == "__main__":
    _main(sys.argv[1])
