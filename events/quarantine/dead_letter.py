"""Dead letters: records that could not be used, kept in the topic `quarantine` with their original bytes and what was wrong with them."""

from collections.abc import Mapping
from typing import Final, NamedTuple, Self

from events.log.record import Headers, NewRecord, Record
from events.topics import QUARANTINE

ID: Final = "tally-id"
"""The first of our own headers; what stands before the last one of this name is the record's own."""
REASON: Final = "tally-reason"
_MAX_DETAIL: Final = 1_000
_MAX_TRACEBACK: Final = 8_000


class DeadLetter(NamedTuple):
    """A record set aside.

    `timestamp`: the log's stamp in ms; `reason`: one of `events.refusal.Reason`, or "failed" where our own code raised, and
    then there is a `traceback`.
    """

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    reason: str
    detail: str
    traceback: str | None = None

    @property
    def identity(self) -> str:
        """The same for every repetition: a crash between quarantine and commit writes a letter again, and this makes it recognisable."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @classmethod
    def read(cls, record: Record) -> Self:
        """The letter again. Raises `KeyError`, `ValueError` for a record of `quarantine` that is none."""
        headers, ours = told(record.headers)
        return cls(
            topic=ours["tally-topic"],
            partition=int(ours["tally-partition"]),
            offset=int(ours["tally-offset"]),
            timestamp=int(ours["tally-timestamp"]),
            key=record.key,
            value=record.value,
            headers=headers,
            reason=ours[REASON],
            detail=ours["tally-detail"],
            traceback=ours.get("tally-traceback"),
        )

    def to_record(self) -> NewRecord:
        """The record for the topic `quarantine`: original key, value and headers, followed by the `tally-` headers."""
        ours = {
            ID: self.identity,
            REASON: self.reason,
            "tally-detail": _one_line(self.detail)[:_MAX_DETAIL],
            "tally-topic": self.topic,
            "tally-partition": str(self.partition),
            "tally-offset": str(self.offset),
            "tally-timestamp": str(self.timestamp),
        }
        if self.traceback is not None:
            ours["tally-traceback"] = self.traceback[-_MAX_TRACEBACK:]  # its end names the error
        return NewRecord(QUARANTINE, self.key, self.value, (*self.headers, *((name, _encode(text)) for name, text in ours.items())))


def told(headers: Headers) -> tuple[Headers, Mapping[str, str]]:
    """(the headers that a record of `quarantine` came with, those that we have put behind them)."""
    begin = max((place for place, (name, _) in enumerate(headers) if name == ID), default=len(headers))
    return headers[:begin], {name: (content or b"").decode(errors="replace") for name, content in headers[begin:]}


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _encode(text: str) -> bytes:
    # A detail may quote lone surrogates out of bad input.
    return text.encode("utf-8", "backslashreplace")
