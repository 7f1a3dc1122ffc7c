"""Messages that several enrollments share, found again among rows (layout.SHARED_DOCUMENTATION)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from projections.rows import Column, Rows

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
        names = rows.table.names
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
        columns = np.array(entries, dtype=np.int64).reshape(-1, 3)
        return cls(columns[:, 0], columns[:, 1], columns[:, 2], number, np.array(sends, dtype=np.int64).reshape(-1, 3))

    def take(self, entries: Column) -> "SharedMessages":
        """Only the entries at these positions, in this order, without their sends."""
        return SharedMessages(self.messages.take(entries), self.rows.take(entries), self.bits.take(entries), self.size, self.sends[:0])

    def repeated_sends(self, started: Column) -> Counter[int]:
        """Step -> how many more times than once its messages were sent by the enrollments at these positions, added up."""
        in_scope = self.sends[np.isin(self.sends[:, 1], started)]
        messages_of_steps = in_scope[:, (2, 0)]
        distinct = np.unique(messages_of_steps, axis=0)
        return Counter(messages_of_steps[:, 0].tolist()) - Counter(distinct[:, 0].tolist())
