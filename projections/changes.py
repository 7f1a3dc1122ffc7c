"""Which sequences a commit has changed, for live readers; and the channels on which they are told.

    tally:live:A   a `Change` for each commit that changed sequences of account A, or its dashboards
    tally:live:    for each other commit, so that who misses one notices it by the version

Telling is a courtesy: what is told may be lost, and numbers are always read in the tables.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from projections.tables.store import Commit

CHANNEL: Final = "tally:live:"


class Change(msgspec.Struct, array_like=True, frozen=True):
    """What a commit has changed: it made `version` of a partition."""

    generation: int
    partition: int
    version: int
    sequences: list[str]


def changes(commit: Commit, version: int) -> Mapping[str, Change]:
    """Channel -> what is to be told there of a commit that made `version`."""
    prefix, _, partition = commit.progress_key.rpartition("partition:")
    generation = int(prefix.partition("{")[2].partition(".")[0])
    sequences: dict[str, set[str]] = {}
    for key, fields in commit.counters.items():
        if key.startswith(f"{prefix}chunks:"):
            # A field is P:N:Q.
            sequences.setdefault(key.removeprefix(f"{prefix}chunks:"), set()).update(field.split(":", 2)[2] for field in fields)
    for named in (commit.hashes, commit.registrations):
        for key, ids in named.items():
            if key.startswith(f"{prefix}sequences:"):
                sequences.setdefault(key.removeprefix(f"{prefix}sequences:"), set()).update(ids)
            elif key.startswith(f"{prefix}dashboards:"):
                sequences.setdefault(key.removeprefix(f"{prefix}dashboards:"), set())
    told = {CHANNEL + account: Change(generation, int(partition), version, sorted(ids)) for account, ids in sequences.items()}
    return told or {CHANNEL: Change(generation, int(partition), version, [])}


encode: Final = msgspec.msgpack.Encoder().encode
decode: Final = msgspec.msgpack.Decoder(Change).decode
