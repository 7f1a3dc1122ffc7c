"""Whether two projections say the same: their canonical dumps, and the first difference."""

from collections.abc import Sequence
from typing import Any

import msgspec

from projections.dump import dump
from projections.tables.redis import RedisStore
from projections.tables.store import Question, Store


class WrongAnswer(Exception):
    """Contestants that had to do the same did not; their figures are void."""


class _Remembering:
    """A store that does not change any more, so that no answer is fetched twice: a dump asks for a chunk of rows once for each row."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._answers: dict[Question, Any] = {}

    def read(self, questions: Sequence[Question]) -> list[Any]:
        if missing := [question for question in questions if question not in self._answers]:
            self._answers.update(zip(missing, self._store.read(missing), strict=True))
        return [self._answers[question] for question in questions]

    def close(self) -> None:
        self._store.close()


def dumped(url: str, partitions: int) -> bytes:
    """The canonical dump of the projection at `url`, as JSON."""
    with RedisStore(url) as store:
        return msgspec.json.encode(dump(_Remembering(store), partitions))


def require_equal(one: str, expected: bytes, other: str, found: bytes) -> None:
    """Raises `WrongAnswer`, which names the two and the first place where they differ."""
    if expected != found:
        raise WrongAnswer(f"{other} and {one} differ at {_difference(msgspec.json.decode(expected), msgspec.json.decode(found))}")


def _difference(expected: Any, found: Any, path: str = "") -> str:
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in sorted(expected.keys() | found.keys()):
            if expected.get(name) != found.get(name):
                return _difference(expected.get(name), found.get(name), f"{path}/{name}")
    return f"{path}: {str(found)[:200]} instead of {str(expected)[:200]}"
