"""Up to where something is told: the versions of all partitions of a generation."""

from typing import NamedTuple

from projections.tables.reading import Reading


class Versions(NamedTuple):
    """A generation, and a version of each of its partitions. As text it is the id of what is told up to there."""

    generation: int
    numbers: tuple[int, ...]

    @classmethod
    def of(cls, reading: Reading) -> "Versions":
        """Those of a reading."""
        return cls(reading.generation, tuple(progress.version for progress in reading.progress))

    @classmethod
    def read(cls, text: str) -> "Versions | None":
        """What `str` has written; None for anything else."""
        generation, _, numbers = text.partition("-")
        parts = [generation, *numbers.split(".")]
        if not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
            return None
        return cls(int(generation), tuple(map(int, parts[1:])))

    def __str__(self) -> str:
        return f"{self.generation}-{'.'.join(map(str, self.numbers))}"

    def contains(self, other: "Versions") -> bool:
        """Whether all that is told up to the other is told up to this."""
        same = self.generation == other.generation and len(self.numbers) == len(other.numbers)
        return same and all(ours >= theirs for ours, theirs in zip(self.numbers, other.numbers, strict=True))

    def moved(self, partition: int, version: int) -> "Versions":
        """With a partition at this version, if it was before that."""
        numbers = list(self.numbers)
        if partition < len(numbers):
            numbers[partition] = max(numbers[partition], version)
        return self._replace(numbers=tuple(numbers))
