"""One account-wide numbering of ids for a reader, over the dictionaries of the partitions."""

from array import array
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


class Dictionary:
    """Ids <-> account-wide codes: 1, 2, 3 ..., only ever added; 0 stands for null.

    The tables number ids within each partition, so that workers need no coordination; `translation` leads from those codes to these.
    """

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._texts = [""]
        self._by_partition: list[array[int]] = []
        self._translation: tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]] | None = None

    def add(self, news: Sequence[Sequence[str]]) -> None:
        """New ids of each partition, in the order of their codes there."""
        for partition, texts in enumerate(news):
            if partition == len(self._by_partition):
                self._by_partition.append(array("i", [0]))
            for text in texts:
                code = self._codes.get(text)
                if code is None:
                    code = self._codes[text] = len(self._texts)
                    self._texts.append(text)
                self._by_partition[partition].append(code)
                self._translation = None

    def known(self) -> tuple[int, ...]:
        """How many codes of each partition are known."""
        return tuple(len(codes) - 1 for codes in self._by_partition)

    def code(self, text: str) -> int | None:
        """The account-wide code of an id; None if no row can have it."""
        return self._codes.get(text)

    def text(self, code: int) -> str:
        """The id behind an account-wide code; "" for 0."""
        return self._texts[code]

    def within(self, partition: int, code: int) -> str:
        """The id behind a code of one partition."""
        return self._texts[self._by_partition[partition][code]]

    def account_wide(self, partition: int, code: int) -> int:
        """The account-wide code behind a code of one partition."""
        return self._by_partition[partition][code]

    def translation(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """(the account-wide codes of all partitions, each from its code 0 on, in one array; where in it each partition begins)."""
        if self._translation is None:
            codes = [np.array(codes, dtype=np.int32) for codes in self._by_partition] or [np.zeros(1, np.int32)]
            self._translation = np.concatenate(codes), np.cumsum([0, *map(len, codes)], dtype=np.int64)
        return self._translation

    def __len__(self) -> int:
        """Every code is below this."""
        return len(self._texts)
