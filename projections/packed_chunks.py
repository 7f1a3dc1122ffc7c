"""The rows of a table as they were read: chunk after chunk."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from projections.tables.layout import CHUNK_ROWS, ROW
from projections.tables.parts import Chunk


class ChunkOrder:
    """Chunks, sorted, with what follows from their addresses. One order serves all tables until there is another chunk."""

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        self.chunks = sorted(chunks)
        self.index: dict[tuple[str, int, int], int] = {chunk: place for place, chunk in enumerate(self.chunks)}
        """Chunk -> its place in the order."""
        self.partitions = np.array([chunk.partition for chunk in self.chunks], dtype=np.int64)
        self.first_rows = np.array([chunk.number * CHUNK_ROWS for chunk in self.chunks], dtype=np.int64)
        """For each chunk the number of its first row within (sequence, partition)."""
        self.windows: dict[str, slice] = {}
        """Sequence -> the places of its chunks."""
        for place, chunk in enumerate(self.chunks):
            window = self.windows.get(chunk.sequence)
            self.windows[chunk.sequence] = slice(place if window is None else window.start, place + 1)
        self.sequences = list(self.windows)


class PackedChunks:
    """Chunks in order, each with its rows; never changed once made."""

    def __init__(self, order: ChunkOrder, packed: Sequence[bytes], sizes: npt.ArrayLike) -> None:
        self.order = order
        self.packed = packed
        """The rows of each chunk."""
        self.sizes = np.array(sizes, dtype=np.int64)
        """How many those are."""
        self.starts = np.concatenate(([0], np.cumsum(self.sizes)))
        """Where the rows of each chunk begin; behind them, where the last ones end."""

    @classmethod
    def of(cls, chunks: Mapping[Chunk, bytes]) -> "PackedChunks":
        """Chunks of whole records, in any order."""
        order = ChunkOrder(chunks)
        packed = [chunks[chunk] for chunk in order.chunks]
        return cls(order, packed, [len(one) // ROW.itemsize for one in packed])

    def with_places_for(self, chunks: Iterable[Chunk]) -> "PackedChunks":
        """The same with those of the chunks that are not here yet, empty."""
        new = [chunk for chunk in chunks if chunk not in self.order.index]
        if not new:
            return self
        order = ChunkOrder((*self.order.chunks, *new))
        before = [self.order.index.get(chunk) for chunk in order.chunks]
        return PackedChunks(
            order,
            [b"" if place is None else self.packed[place] for place in before],
            [0 if place is None else int(self.sizes[place]) for place in before],
        )

    def with_rows(self, moved: Mapping[int, bytes]) -> "PackedChunks":
        """The same with other rows at these places."""
        packed, sizes = list(self.packed), self.sizes.copy()
        for place, rows in moved.items():
            packed[place] = rows
            sizes[place] = len(rows) // ROW.itemsize
        return PackedChunks(self.order, packed, sizes)
