"""Commits that break a law: what comes into Redis, and whether."""

import re
from dataclasses import replace

from projections import generations
from projections.moments import Moment, reach
from projections.tables import redis
from projections.tables.redis import RedisWritableStore
from projections.tables.store import Commit, Committed, Refused, StoreUnavailable
from tests.faults.broken import Set, nothing


def without_fence(set_: Set) -> None:
    script = re.sub(r"(?s)-- The fence:.*?(?=-- A key of a foreign type)", "local current = '0'\n", redis._COMMIT)
    assert script != redis._COMMIT
    set_(redis, "_COMMIT", script)


def without_successor(set_: Set) -> None:
    script = redis._COMMIT.replace("if successor then", "if false then")
    assert script != redis._COMMIT
    set_(redis, "_COMMIT", script)


def offsets_first(set_: Set) -> None:
    whole = RedisWritableStore.commit

    async def commit(self: RedisWritableStore, commit: Commit) -> Committed | Refused:
        first = await whole(self, Commit(commit.progress_key, commit.version, commit.positions, commit.committed_at))
        if isinstance(first, Refused):
            return first
        reach(Moment.COMMITTING)
        rest = {topic: (end, end) for topic, (_, end) in commit.positions.items()}
        return await whole(self, replace(commit, version=first.version, positions=rest))

    set_(RedisWritableStore, "commit", commit)


def states_not_written(set_: Set) -> None:
    whole = RedisWritableStore.commit

    async def commit(self: RedisWritableStore, commit: Commit) -> Committed | Refused:
        hashes = {key: fields for key, fields in commit.hashes.items() if ":contacts:" not in key}
        return await whole(self, replace(commit, hashes=hashes))

    set_(RedisWritableStore, "commit", commit)


def written_again_blindly(set_: Set) -> None:
    whole = RedisWritableStore.commit

    async def commit(self: RedisWritableStore, commit: Commit) -> Committed | Refused:
        """As one who takes every error for a commit that was not written."""
        try:
            return await whole(self, commit)
        except StoreUnavailable:
            (found,) = await self.ask([("HMGET", commit.progress_key, "version", *(f"offset:{topic}" for topic in commit.positions))])
            version, *offsets = (int(value or 0) for value in found)
            moved = {topic: (offset, end) for (topic, (_, end)), offset in zip(commit.positions.items(), offsets, strict=True)}
            return await whole(self, replace(commit, version=version, positions=moved, lengths={}))

    set_(RedisWritableStore, "commit", commit)


def types_not_checked(set_: Set) -> None:
    script = redis._COMMIT.replace("if fault then", "if false then").replace("if not number then", "if false then")
    assert script != redis._COMMIT
    set_(redis, "_COMMIT", script)


def nothing_checked(set_: Set) -> None:
    before, fence, rest = re.split(r"(?s)(-- The fence:.*?)(?=-- The counters as they will be)", redis._COMMIT)
    sums, writes, last = re.split(r"(?s)(for i = 1, #hashes.*?)(?=for i = 1, #counters)", rest)
    assert "successor" in fence
    set_(redis, "_COMMIT", f"{before}local current = '0'\n{writes}{sums.replace('if not number then', 'if false then')}{last}")


def lost_keys_ignored(set_: Set) -> None:
    set_(generations, "check_partitions", nothing)
