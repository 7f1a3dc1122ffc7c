"""The program with one law broken, room by room. `tests.faults.mutants` names each of these."""

from collections.abc import Callable
from typing import Any

Set = Callable[[Any, str, object], None]
"""Sets an attribute, as `setattr`, or so that it is taken back after the test, as `MonkeyPatch.setattr`."""


async def nothing(*_: object, **__: object) -> None:
    """Done at once."""
