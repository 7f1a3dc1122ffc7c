"""In which order the chunks of a table lie."""

from collections.abc import Iterable

import numpy as np

from projections.tables.layout import CHUNK_ROWS
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

    def with_chunks(self, chunks: Iterable[Chunk]) -> "ChunkOrder":
        """The order that holds these chunks too: this one, if it does."""
        new = [chunk for chunk in chunks if chunk not in self.index]
        return ChunkOrder((*self.chunks, *new)) if new else self
