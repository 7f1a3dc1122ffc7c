"""The chunks that have moved since a reader looked, all found and read in one step by a script (moved.lua)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, NamedTuple

import msgspec

from projections.tables.layout import shard_prefix
from projections.tables.parts import Chunk
from projections.tables.reading import Keys
from projections.tables.store import Question

MOVED: Final = files("projections.tables").joinpath("moved.lua").read_text(encoding="utf-8")
LIMIT: Final = 1024
"""Chunks that a script reads at most: some thirty megabytes, for nothing else in Redis runs beside it."""
_pack: Final = msgspec.msgpack.Encoder().encode


class MovedChunk(NamedTuple):
    """One chunk in its present version."""

    address: str
    """Field `P:N:Q` of `chunks:`."""
    version: str
    rows: bytes | None
    """None if the reader has them."""
    cells: Sequence[bytes] | None
    """Of each step asked for, in their order; None if none are wanted of its sequence."""

    @property
    def chunk(self) -> Chunk:
        partition, number, sequence = self.address.split(":", 2)
        return Chunk(sequence, int(partition), int(number))


class Moved(NamedTuple):
    """What the script has found in all shards."""

    chunks: list[MovedChunk]
    total: int | None
    """How many chunks the account has; None if a shard did not look, as nothing has moved there."""
    whole: bool
    """Whether that is all that has moved."""


@dataclass(frozen=True, slots=True, eq=False)
class MovedChunks:
    """The chunks whose rows or cells are not those that the reader holds."""

    seen: Sequence[int]
    """The version of each partition as of which the reader has everything that it asks for; empty if there is none."""
    known: Mapping[str, str]
    """Address -> the version of the rows held."""
    cells: Mapping[str, str]
    """Address -> the version of the cells held, "" for none; only of chunks whose cells are wanted."""
    steps: Mapping[str, Sequence[str]]
    """Sequence -> the steps whose cells are wanted."""

    def questions(self, keys: Keys) -> list[Question]:
        held = _pack((self.known, self.cells, self.steps))
        questions: list[Question] = []
        for shard, key in enumerate(keys.everywhere(f"chunks:{keys.account}")):
            numbers = range(shard, len(self.seen), keys.layout.shards)
            seen = _pack([text for number in numbers for text in (str(number), str(self.seen[number]))])
            questions.append(("EVAL_RO", MOVED, 1, key, shard_prefix(keys.layout.generation, shard), keys.account, seen, held, LIMIT))
        return questions

    def answer(self, answers: Sequence[Any]) -> Moved:
        found = [answer for answer in answers if answer is not None]
        chunks = [list(_chunks(answer)) for answer in found]
        return Moved(
            [chunk for one in chunks for chunk in one],
            sum(answer[0] for answer in found) if found and len(found) == len(answers) else None,
            whole=all(len(one) < LIMIT for one in chunks),
        )


def _chunks(answer: Sequence[Any]) -> Iterator[MovedChunk]:
    for start in range(1, len(answer), 4):
        address, version, rows, cells = answer[start : start + 4]
        yield MovedChunk(address.decode(), version.decode(), rows, cells)
