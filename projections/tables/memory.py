"""The tables in memory: the twin of Redis, for tests, for refolding a log beside the live projection, and for machines without Redis."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from time import monotonic
from typing import Any, Self

import msgspec

from projections.tables.layout import SEPARATOR
from projections.tables.moved import MOVED
from projections.tables.store import Commit, Committed, Question, Refused


class MemoryStore:
    """`Store` and `WritableStore` on dicts. Nothing is shared between processes and nothing outlives the object."""

    def __init__(self) -> None:
        self.hashes: dict[str, dict[bytes, bytes]] = {}
        self.strings: dict[str, bytearray] = {}
        self.lists: dict[str, list[bytes]] = {}
        self.published: list[tuple[str, bytes]] = []
        """(channel, message) of everything that was published."""
        self._expires: dict[str, float] = {}  # string -> when it vanishes, by `time.monotonic`

    def read(self, questions: Sequence[Question]) -> list[Any]:
        return [_COMMANDS[str(question[0])](self, *question[1:]) for question in questions]

    async def ask(self, questions: Sequence[Question]) -> list[Any]:
        return self.read(questions)

    async def commit(self, commit: Commit) -> Committed | Refused:
        return self.write(commit)

    def write(self, commit: Commit) -> Committed | Refused:
        """`commit` without an event loop."""
        progress = self.hashes.get(commit.progress_key, {})
        version = int(progress.get(b"version", b"0"))
        if successor := progress.get(b"successor"):
            return Refused(f"generation {successor.decode()} has taken over")
        if version != commit.version:
            return Refused(f"version is {version}, read was {commit.version}")
        for topic, (start, _) in commit.positions.items():
            stored = int(progress.get(f"offset:{topic}".encode(), b"0"))
            if stored != start:
                return Refused(f"offset of {topic} is {stored}, the batch starts at {start}")
        for key, length in commit.lengths.items():
            if len(self.lists.get(key, ())) != length:
                return Refused(f"{key} has {len(self.lists.get(key, ()))} entries, {length} were read")
        for key, fields in commit.hashes.items():
            self.hashes.setdefault(key, {}).update((name.encode(), value) for name, value in fields.items())
        for key, missing in commit.registrations.items():
            for name in missing:
                self.hashes.setdefault(key, {}).setdefault(name.encode(), b"")
        for key, patches in commit.strings.items():
            string = self.strings.setdefault(key, bytearray())
            for start, patch in patches:
                if len(string) < start:
                    string.extend(bytes(start - len(string)))
                string[start : start + len(patch)] = patch
        for key, entries in commit.appends.items():
            self.lists.setdefault(key, []).extend(entry.encode() for entry in entries)
        for key, changes in commit.counters.items():
            numbers = self.hashes.setdefault(key, {})
            for name, change in changes.items():
                numbers[name.encode()] = str(int(numbers.get(name.encode(), b"0")) + change).encode()
        progress = self.hashes.setdefault(commit.progress_key, {})
        progress[b"version"] = str(version + 1).encode()
        progress[b"committed_at"] = str(commit.committed_at).encode()
        for topic, (_, end) in commit.positions.items():
            progress[f"offset:{topic}".encode()] = str(end).encode()
        for name, number in commit.progress.items():
            progress[name.encode()] = str(number).encode()
        return Committed(version + 1)

    async def claim(self, key: str, field: str, value: str) -> str:
        return self.hashes.setdefault(key, {}).setdefault(field.encode(), value.encode()).decode()

    async def change(self, commands: Sequence[Question]) -> list[Any]:
        return [_CHANGES[str(command[0])](self, *command[1:]) for command in commands]

    async def keys(self, prefix: str) -> AsyncIterator[list[str]]:
        self._expire()
        yield [key for table in (self.hashes, self.strings, self.lists) for key in table if key.startswith(prefix)]

    def _set(self, key: object, value: object, _px: object, milliseconds: object) -> bool:
        self.strings[_text(key)] = bytearray(_bytes(value))
        self._expires[_text(key)] = monotonic() + int(str(milliseconds)) / 1000
        return True

    def _expire(self) -> None:
        for key in [key for key, end in self._expires.items() if end <= monotonic()]:
            self.strings.pop(key, None)
            del self._expires[key]

    def _hset(self, key: object, *pairs: object) -> int:
        self.hashes.setdefault(_text(key), {}).update(zip(map(_bytes, pairs[::2]), map(_bytes, pairs[1::2]), strict=True))
        return len(pairs) // 2

    def _hincrby(self, key: object, name: object, change: object) -> int:
        fields = self.hashes.setdefault(_text(key), {})
        number = int(fields.get(_bytes(name), b"0")) + int(str(change))
        fields[_bytes(name)] = str(number).encode()
        return number

    def _hdel(self, key: object, *names: object) -> int:
        fields = self.hashes.get(_text(key), {})
        return sum(fields.pop(_bytes(name), None) is not None for name in names)

    def _publish(self, channel: object, message: object) -> int:
        self.published.append((_text(channel), _bytes(message)))
        return 0

    def _unlink(self, *keys: object) -> int:
        there = self._exists(*keys)
        for key in map(_text, keys):
            self.hashes.pop(key, None)
            self.strings.pop(key, None)
            self.lists.pop(key, None)
        return there

    async def settings(self) -> Mapping[str, str]:
        return {}

    def close(self) -> None:
        """Nothing to free."""

    async def aclose(self) -> None:
        """Nothing to free."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _hgetall(self, key: object) -> dict[bytes, bytes]:
        return dict(self.hashes.get(_text(key), {}))

    def _hget(self, key: object, name: object) -> bytes | None:
        return self.hashes.get(_text(key), {}).get(_bytes(name))

    def _hmget(self, key: object, *names: object) -> list[bytes | None]:
        fields = self.hashes.get(_text(key), {})
        return [fields.get(_bytes(name)) for name in names]

    def _hlen(self, key: object) -> int:
        return len(self.hashes.get(_text(key), {}))

    def _get(self, key: object) -> bytes | None:
        self._expire()
        string = self.strings.get(_text(key))
        return None if string is None else bytes(string)

    def _strlen(self, key: object) -> int:
        return len(self.strings.get(_text(key), b""))

    def _lrange(self, key: object, first: object, last: object) -> list[bytes]:
        entries = self.lists.get(_text(key), [])
        start, stop = int(str(first)), int(str(last))
        return entries[start if start >= 0 else max(0, len(entries) + start) : stop + 1 if stop >= 0 else len(entries) + stop + 1]

    def _llen(self, key: object) -> int:
        return len(self.lists.get(_text(key), ()))

    def _lindex(self, key: object, position: object) -> bytes | None:
        entries = self.lists.get(_text(key), [])
        index = int(str(position))
        return entries[index] if -len(entries) <= index < len(entries) else None

    def _eval_ro(self, script: object, _: object, key: object, *arguments: object) -> Any:
        """The twin of the one script that readers have."""
        assert script == MOVED, "there is a twin of no other script"
        prefix, account, packed_seen, packed_held, limit = arguments
        seen = msgspec.msgpack.decode(_bytes(packed_seen))
        partitions = zip(seen[::2], seen[1::2], strict=True)
        if seen and all((self._hget(f"{prefix}partition:{number}", "version") or b"0") == _bytes(at) for number, at in partitions):
            return None
        known, cells, steps = msgspec.msgpack.decode(_bytes(packed_held))
        versions = self._hgetall(key)
        found: list[Any] = [len(versions)]
        for chunk, version in versions.items():
            address, at = _text(chunk), _text(version)
            if known.get(address) == at and cells.get(address, at) == at:
                continue
            if len(found) > 4 * int(str(limit)):
                break
            partition, number, sequence = address.split(":", 2)
            place = f"{partition}:{number}:{account}{SEPARATOR}{sequence}"
            rows = None if known.get(address) == at else self._get(f"{prefix}rows:{place}") or b""
            of_steps = [self._get(f"{prefix}cells:{place}{SEPARATOR}{step}") or b"" for step in steps.get(sequence, ())]
            found += (chunk, version, rows, of_steps if sequence in steps else None)
        return found

    def _exists(self, *keys: object) -> int:
        return sum(_text(key) in table for key in keys for table in (self.hashes, self.strings, self.lists))


_COMMANDS: Mapping[str, Callable[..., Any]] = {
    "HGETALL": MemoryStore._hgetall,
    "HGET": MemoryStore._hget,
    "HMGET": MemoryStore._hmget,
    "HLEN": MemoryStore._hlen,
    "GET": MemoryStore._get,
    "STRLEN": MemoryStore._strlen,
    "LRANGE": MemoryStore._lrange,
    "LLEN": MemoryStore._llen,
    "LINDEX": MemoryStore._lindex,
    "EXISTS": MemoryStore._exists,
    "EVAL_RO": MemoryStore._eval_ro,
}


_CHANGES: Mapping[str, Callable[..., Any]] = {
    "HSET": MemoryStore._hset,
    "HDEL": MemoryStore._hdel,
    "HINCRBY": MemoryStore._hincrby,
    "UNLINK": MemoryStore._unlink,
    "SET": MemoryStore._set,
    "PUBLISH": MemoryStore._publish,
}


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
