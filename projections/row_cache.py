"""The rows of the accounts in a reader's memory, brought up to date chunk by chunk."""

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from projections.dictionary import Dictionary
from projections.packed_chunks import PackedChunks
from projections.rows import Column, Table
from projections.tables.layout import ROW, STEP_CELL
from projections.tables.moved import Moved, MovedChunk, MovedChunks
from projections.tables.parts import Chunk, NewNames, StepCounters
from projections.tables.reading import Layout, Part, PartitionProgress, Reading, Tables
from projections.tables.store import StoreError

_ROUNDS: Final = 500
"""Round trips for one snapshot; no account is so large, and no store so busy, that it needs as many."""
_ANSWERS: Final = 256
"""Parts whose answers are kept for an account while nothing moves."""


@dataclass(slots=True)
class _Held:
    """One chunk as it was read: its rows, and step cells of this or an earlier version."""

    chunk: Chunk
    rows: bytes = b""
    cells_version: str = ""
    cells: dict[str, bytes] = field(default_factory=dict)
    """Step -> its cells."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All rows of an account, the step cells of some sequences, and a reading, all as of one instant."""

    reading: Reading
    table: Table
    cells: Mapping[str, Mapping[str, Column]]
    """sequence -> step -> layout.STEP_CELL, one for each row of the sequence in the order of the table; of the sequences asked for."""


class _Account:
    """What is held of one account in one generation."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self.layout: Layout | None = None
        self.names = Dictionary()
        self.progress: list[PartitionProgress] = []
        """Of the partitions when they were last read."""
        self.answers: dict[Part[Any], list[Any]] = {}
        """To what else was asked since the partitions came to where they are."""
        self.is_whole = False
        """Whether the rows of all chunks are here as of these versions."""
        self.versions: dict[str, str] = {}
        """Address -> the version of its rows."""
        self.chunks: dict[str, _Held] = {}
        self.steps: dict[str, list[str]] = {}
        """Sequence -> its steps when they were last listed."""
        self.table: Table | None = None
        self.moved: set[str] = set()
        """Addresses whose rows are not those of the table."""
        self.cells: dict[str, dict[str, Column]] = {}
        """Sequence -> step -> the cells of all its chunks, until one of them moves."""

    def sequences(self) -> set[str]:
        return {one.chunk.sequence for one in self.chunks.values()}

    def cells_held(self, sequences: Collection[str]) -> dict[str, str]:
        """Address -> the version of its cells, "" if they are not those of all steps, for each chunk of the sequences."""
        if not sequences:
            return {}
        return {
            address: one.cells_version if one.cells.keys() >= set(self.steps.get(one.chunk.sequence, ())) else ""
            for address, one in self.chunks.items()
            if one.chunk.sequence in sequences
        }


class RowCache:
    """Keeps every account's chunks and asks only for those whose version has moved. May be used by several threads."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._accounts: dict[str, _Account] = {}
        self._lock = threading.Lock()

    def snapshot(self, account: str, *parts: Part[Any], cells_of: Sequence[str] | None = (), standing: Reading | None = None) -> Snapshot:
        """The account's rows and the answers to `parts`, as of one instant; with the step cells of the sequences `cells_of` (None: all).

        None or one round trip: none if all of it is here as of `standing`, a reading of where the tables stand. One brings what has moved,
        too; there are further ones if that is more than one brings, or if there are new steps.
        Raises `StoreError` if the store cannot answer, or names the remedy if it is damaged.
        """
        with self._lock:
            held = self._accounts.setdefault(account, _Account())
        with held.lock:
            if standing is not None and held.layout == standing.keys.layout and held.progress == standing.progress:
                known = _known(held, standing, parts, cells_of)
                if known is not None:
                    return known
            for _ in range(_ROUNDS):
                snapshot = _round(self._tables, account, held, parts, cells_of)
                if snapshot is not None:
                    return snapshot
        raise StoreError(f"the rows kept moving through {_ROUNDS} reads; ask again, or give the reader less distance to the store")


def _known(held: _Account, standing: Reading, parts: Sequence[Part[Any]], cells_of: Sequence[str] | None) -> Snapshot | None:
    """The snapshot, if everything is here as of where the tables stand."""
    wanted, listings = _listings(held, cells_of)
    asked = (*parts, *listings.values())
    if not held.is_whole or not _has_cells(held, wanted) or not held.answers.keys() >= set(asked):
        return None
    return _made(held, Reading(standing.keys, standing.progress, {part: held.answers[part] for part in asked}), listings)


def _round(tables: Tables, account: str, held: _Account, parts: Sequence[Part[Any]], cells_of: Sequence[str] | None) -> Snapshot | None:
    """One reading; the snapshot if now everything is here as of that instant."""
    wanted, listings = _listings(held, cells_of)
    steps = {sequence: held.steps.get(sequence, []) for sequence in listings}
    known = [progress.version for progress in held.progress] if held.is_whole and _has_cells(held, wanted) else ()
    moved = MovedChunks(known, held.versions, held.cells_held(wanted), steps)
    names = NewNames(held.names.known())
    asked = (*parts, *listings.values())
    reading = tables.read(account, *asked, moved, names)
    found = reading[moved]
    if held.layout not in (None, reading.keys.layout) or _went_back(held, reading, found):
        # Another generation, or a store that began anew: nothing of what is held, or was just read, belongs to it.
        held.forget()
        return None
    held.layout = reading.keys.layout
    held.is_whole = False
    held.names.add(reading[names])
    for one in found.chunks:
        _take(held, one, steps)
    if held.progress != reading.progress or len(held.answers) > _ANSWERS:
        held.answers.clear()
    held.progress = reading.progress
    held.answers |= {part: reading.answers[part] for part in asked}
    held.is_whole = found.whole
    if not found.whole:
        return None
    held.steps |= {sequence: list(reading[listing].steps) for sequence, listing in listings.items()}
    if cells_of is None and held.sequences() != wanted:
        return None
    return _made(held, reading, listings) if _has_cells(held, wanted) else None


def _listings(held: _Account, cells_of: Sequence[str] | None) -> tuple[set[str], dict[str, StepCounters]]:
    """(the sequences whose cells are asked for, what lists the steps of each)."""
    wanted = held.sequences() if cells_of is None else set(cells_of)
    return wanted, {sequence: StepCounters(sequence) for sequence in sorted(wanted)}


def _has_cells(held: _Account, sequences: Collection[str]) -> bool:
    """Whether the cells of these sequences are here, of all steps and as new as the rows."""
    return all(version == held.versions[address] for address, version in held.cells_held(sequences).items())


def _went_back(held: _Account, reading: Reading, found: Moved) -> bool:
    """Whether this is a store that was emptied or replaced: versions only rise, and no chunk is ever taken away."""
    return (
        any(now.version < before.version for now, before in zip(reading.progress, held.progress, strict=False))
        or any(int(one.version) < int(held.versions.get(one.address, 0)) for one in found.chunks)
        or (found.whole and found.total is not None and found.total != len(held.versions.keys() | {one.address for one in found.chunks}))
    )


def _take(held: _Account, one: MovedChunk, steps: Mapping[str, Sequence[str]]) -> None:
    if len(one.rows or b"") % ROW.itemsize:
        raise StoreError(f"chunk {one.address!r} was written by another version of the code: project the log anew into an empty Redis")
    chunk = held.chunks.get(one.address)
    if chunk is None:
        chunk = held.chunks[one.address] = _Held(one.chunk)
    if one.rows is not None:
        if len(one.rows) < len(chunk.rows):
            held.table = None  # chunks only grow, so this is one of another store
        chunk.rows = one.rows
        held.versions[one.address] = one.version
        held.moved.add(one.address)
    if one.cells is not None:
        chunk.cells = dict(zip(steps[chunk.chunk.sequence], one.cells, strict=True))
        chunk.cells_version = one.version
    held.cells.pop(chunk.chunk.sequence, None)


def _made(held: _Account, reading: Reading, cells_of: Iterable[str]) -> Snapshot:
    contacts = [progress.contacts for progress in reading.progress]
    if held.table is None:
        held.table = Table(PackedChunks.of({one.chunk: one.rows for one in held.chunks.values()}), held.names, contacts)
    elif held.moved:
        held.table = held.table.after({held.chunks[address].chunk: held.chunks[address].rows for address in held.moved}, contacts)
    held.moved.clear()
    return Snapshot(reading, held.table, {sequence: _cells(held, held.table, sequence) for sequence in cells_of})


def _cells(held: _Account, table: Table, sequence: str) -> Mapping[str, Column]:
    """A chunk's cells end after the last row that has done the step, so they are filled up to its rows."""
    joined = held.cells.get(sequence)
    if joined is None:
        chunks = [
            (held.chunks[f"{chunk.partition}:{chunk.number}:{sequence}"].cells, rows * STEP_CELL.itemsize)
            for chunk, rows in table.rows(sequence).chunks().items()
        ]
        joined = held.cells[sequence] = {
            step: np.frombuffer(b"".join(cells[step][:size].ljust(size, b"\0") for cells, size in chunks), STEP_CELL)
            for step in held.steps[sequence]
        }
    return joined
