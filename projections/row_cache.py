"""The rows of the accounts in a reader's memory, brought up to date chunk by chunk."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from projections.dictionary import Dictionary
from projections.rows import Column, Table
from projections.tables.layout import ROW, STEP_CELL
from projections.tables.parts import Cells, Chunk, Chunks, ChunkVersions, NewNames, StepCounters, chunk_of
from projections.tables.reading import Part, Reading, Tables
from projections.tables.store import StoreError

_VERSIONS: Final = ChunkVersions()
_ROUNDS: Final = 50


@dataclass(slots=True)
class _Held:
    """One chunk as it was read: rows and cells of one version."""

    version: int
    rows: bytes | memoryview
    cells: dict[str, bytes] = field(default_factory=dict)


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

    def forget(self, layout: object = None) -> None:
        self.layout = layout
        self.names = Dictionary()
        self.chunks: dict[bytes, tuple[Chunk, _Held]] = {}
        self.partition_versions: list[int] = []
        self.table: Table | None = None


class RowCache:
    """Keeps every account's chunks and asks only for those whose version has moved. May be used by several threads."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._accounts: dict[str, _Account] = {}
        self._lock = threading.Lock()

    def snapshot(self, account: str, *parts: Part[Any], cells_of: Sequence[str] | None = ()) -> Snapshot:
        """The account's rows and the answers to `parts`, as of one instant; with the step cells of the sequences `cells_of` (None: all).

        One round trip if nothing has moved; else one more that also reads what moved, and further ones only while other chunks
        move between two of them: whatever has moved is asked for in each, so the last one has it all from its own instant.
        Raises `StoreError` if the store cannot answer, or names the remedy if it is damaged.
        """
        with self._lock:
            held = self._accounts.setdefault(account, _Account())
        with held.lock:
            return _refresh(self._tables, account, held, parts, cells_of)


def _refresh(tables: Tables, account: str, held: _Account, parts: Sequence[Part[Any]], cells_of: Sequence[str] | None) -> Snapshot:
    listings: dict[str, StepCounters] = {}
    asked: dict[Chunk, bytes] = {}
    cells = Cells(())
    for _ in range(_ROUNDS):
        wanted = (
            {chunk.sequence for chunk, _ in held.chunks.values()} | {chunk.sequence for chunk in asked} if cells_of is None else cells_of
        )
        listings = {sequence: StepCounters(sequence) for sequence in sorted(wanted)}
        chunks, names = Chunks(tuple(asked)), NewNames(held.names.known())
        fetching: list[Part[Any]] = [chunks, cells, names] if asked else []
        reading = tables.read(account, _VERSIONS, *parts, *listings.values(), *fetching)
        if held.layout != reading.keys.layout or _went_back(held, reading):
            # Another generation, or a store that began anew: nothing of what is held, or was just read, belongs to it.
            held.forget(reading.keys.layout)
            asked, cells = {}, Cells(())
        held.partition_versions = [progress.version for progress in reading.progress]
        versions = reading[_VERSIONS]
        if asked:
            held.names.add(reading[names])
            _take(held, asked, versions, reading[chunks], reading[cells])
        for address in held.chunks.keys() - versions.keys():
            del held.chunks[address]
            held.table = None
        listed = {sequence: reading[listing].steps for sequence, listing in listings.items()}
        missing = {address for address, version in versions.items() if not _holds(held, address, version, listed)}
        if not missing:
            return _made(held, reading, listed)
        asked |= {chunk_of(address): address for address in missing}
        cells = Cells(tuple((chunk, step) for chunk in asked for step in listed.get(chunk.sequence, ())))
    raise StoreError(f"the rows kept moving through {_ROUNDS} reads; ask again, or give the reader less distance to the store")


def _holds(held: _Account, address: bytes, version: int, listed: Mapping[str, Mapping[str, object]]) -> bool:
    """Whether the chunk is here in that version, with the cells of all steps that are listed of its sequence."""
    chunk, one = held.chunks.get(address, (None, None))
    if chunk is None or one is None or one.version != version:
        return False
    return listed.get(chunk.sequence, {}).keys() <= one.cells.keys()


def _went_back(held: _Account, reading: Reading) -> bool:
    """Versions only rise, so a lower one is that of a store which was emptied or replaced."""
    return any(progress.version < version for progress, version in zip(reading.progress, held.partition_versions, strict=False))


def _take(
    held: _Account,
    asked: Mapping[Chunk, bytes],
    versions: Mapping[bytes, int],
    rows: Mapping[Chunk, bytes],
    cells: Mapping[tuple[Chunk, str], bytes],
) -> None:
    of_chunk: dict[Chunk, dict[str, bytes]] = {}
    for (chunk, step), packed in cells.items():
        of_chunk.setdefault(chunk, {})[step] = packed
    for chunk, address in asked.items():
        if address not in versions:
            continue
        if len(rows[chunk]) % ROW.itemsize:
            raise StoreError(
                f"chunk {address.decode()!r} was written by another version of the code: project the log anew into an empty Redis"
            )
        held.chunks[address] = (chunk, _Held(versions[address], rows[chunk], of_chunk.get(chunk, {})))
    held.table = None


def _made(held: _Account, reading: Reading, listed: Mapping[str, Mapping[str, object]]) -> Snapshot:
    if held.table is None:
        chunks = dict(sorted(held.chunks.values(), key=lambda entry: entry[0]))
        held.table = Table({chunk: one.rows for chunk, one in chunks.items()}, held.names, [one.contacts for one in reading.progress])
        # The table holds the bytes now; keeping views of them instead of the read ones halves the memory.
        view = memoryview(held.table.buffer)
        for chunk, span in held.table.spans.items():
            chunks[chunk].rows = view[span.start * ROW.itemsize : span.stop * ROW.itemsize]
    return Snapshot(reading, held.table, {sequence: _cells(held, held.table, sequence, steps) for sequence, steps in listed.items()})


def _cells(held: _Account, table: Table, sequence: str, steps: Mapping[str, object]) -> dict[str, Column]:
    """A chunk's cells end after the last row that has done the step, so they are filled up to its rows."""
    by_chunk = dict(held.chunks.values())
    sizes = {chunk: rows * STEP_CELL.itemsize for chunk, rows in table.rows(sequence).chunks().items()}
    return {
        step: np.frombuffer(b"".join(by_chunk[chunk].cells[step][:size].ljust(size, b"\0") for chunk, size in sizes.items()), STEP_CELL)
        for step in steps
    }
