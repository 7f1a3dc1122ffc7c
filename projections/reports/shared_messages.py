"""Messages that several enrollments share, found again among rows (layout.SHARED_DOCUMENTATION)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from weakref import WeakKeyDictionary

import msgspec
import numpy as np

from projections.rows import Column, Rows, Table

_decoder = msgspec.msgpack.Decoder(list[list[tuple[int, int, int, list[int]]]])


@dataclass(frozen=True, slots=True)
class SharedMessages:
    """One entry for each message and each started enrollment that it concerns."""

    messages: Column
    """A number for each distinct message."""
    rows: Column
    """The position of the enrollment."""
    bits: Column
    """What is true of the message there: meaning.MESSAGE_FACTS."""
    size: int
    """Numbers of messages are below this."""
    sends: Column
    """Lines of (message, position of the enrollment, account-wide code of a step by which it sent the message)."""

    @classmethod
    def read(cls, packed: Sequence[Sequence[bytes]], rows: Rows) -> "SharedMessages":
        """`packed`: for each partition its lists. Entries of enrollments outside the rows are left out."""
        known = _latest.get(rows.table)
        if known is None or known[0] != packed:
            known = _latest[rows.table] = packed, cls._of_table(packed, rows.table)
        return known[1]._within(rows)

    @classmethod
    def _of_table(cls, packed: Sequence[Sequence[bytes]], table: Table) -> "SharedMessages":
        """All that there are, by row."""
        rows, names = table.rows(), table.names
        entries: list[tuple[int, int, int]] = []
        sends: list[tuple[int, int, int]] = []
        number = 0
        for partition, lists in enumerate(packed):
            for one in lists:
                for message in _decoder.decode(one) if one else ():
                    for sequence, row, bits, steps in message:
                        position = rows.position(partition, names.within(partition, sequence), row)
                        if position is not None:
                            entries.append((number, position, bits))
                            sends += [(number, position, names.account_wide(partition, step)) for step in steps]
                    number += 1
        of_entries, of_sends = (np.array(sorted(one, key=itemgetter(1)), dtype=np.int64).reshape(-1, 3) for one in (entries, sends))
        return cls(of_entries[:, 0], of_entries[:, 1], of_entries[:, 2], number, of_sends)

    def _within(self, rows: Rows) -> "SharedMessages":
        """Those of a stretch of the table, at their positions in it."""
        entries, sends = rows.window(self.rows), rows.window(self.sends[:, 1])
        return SharedMessages(
            self.messages[entries],
            self.rows[entries] - rows.start,
            self.bits[entries],
            self.size,
            self.sends[sends] - (0, rows.start, 0),
        )

    def repeated_sends(self, started: Column) -> Counter[int]:
        """Step -> how many more times than once its messages were sent by the enrollments at these positions, added up."""
        in_scope = self.sends[np.isin(self.sends[:, 1], started)]
        messages_of_steps = in_scope[:, (2, 0)]
        distinct = np.unique(messages_of_steps, axis=0)
        return Counter(messages_of_steps[:, 0].tolist()) - Counter(distinct[:, 0].tolist())


_latest: WeakKeyDictionary[Table, tuple[Sequence[Sequence[bytes]], SharedMessages]] = WeakKeyDictionary()
"""Of each table the lists it was last asked with, and what they say: between two commits every question asks with the same ones."""
