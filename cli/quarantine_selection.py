"""Which dead letters a call of `tally quarantine` is about: those named by their ids, or those that pass filters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal
from zoneinfo import ZoneInfo

import typer

from cli.failure import Failure, WrongCall

if TYPE_CHECKING:
    from events.quarantine.dead_letters import DeadLetters, Letter

ReasonOption = Annotated[str | None, typer.Option(metavar="REASON", help="Set aside for this reason, such as invalid_data.")]
TopicOption = Annotated[str | None, typer.Option(metavar="TOPIC", help="Records of this topic.")]
SinceOption = Annotated[str | None, typer.Option(metavar="TIME", help="In the log since this day (YYYY-MM-DD) or time (RFC 3339).")]
UntilOption = Annotated[str | None, typer.Option(metavar="TIME", help="In the log until the end of this day, or before this time.")]

_OPEN: Final = "open"
_ALL: Final = "all"
_DAY_LENGTH: Final = len("2026-03-02")


@dataclass(frozen=True, slots=True)
class Selection:
    """Filters; None passes everything. Times are ms since 1970 UTC."""

    reason: str | None = None
    topic: str | None = None
    account: str | None = None
    since: int | None = None
    until: int | None = None
    """Times before this one."""
    state: str = _OPEN

    @classmethod
    def read(
        cls,
        context: typer.Context,
        zone: str,
        *,
        reason: str | None,
        topic: str | None,
        since: str | None,
        until: str | None,
        state: str = _OPEN,
    ) -> "Selection":
        """The filters of a call; days are those of the zone. Raises `WrongCall`."""
        from events.quarantine.dead_letters import STATES
        from events.refusal import Reason
        from events.topics import SOURCE_TOPICS
        from streams.projector import FAILED

        _check("reason", reason, (*Reason, FAILED))
        _check("topic", topic, SOURCE_TOPICS)
        _check("state", state, (*STATES, _ALL))
        return cls(reason, topic, account_of_call(context), _time("since", since, zone), _time("until", until, zone), state)

    def of(self, dead_letters: "DeadLetters") -> list["Letter"]:
        """The letters that pass, the newest first."""
        passing = [letter for letter in dead_letters.letters.values() if self._passes(letter)]
        return sorted(passing, key=lambda letter: (letter.at, letter.origin), reverse=True)

    @property
    def is_set(self) -> bool:
        """Whether it is anything but all that is open."""
        return self != Selection()

    def _passes(self, letter: "Letter") -> bool:
        return (
            self.state in (_ALL, letter.state)
            and self.reason in (None, letter.reason)
            and self.topic in (None, letter.origin.topic)
            and self.account in (None, letter.account)
            and (self.since is None or letter.at >= self.since)
            and (self.until is None or letter.at < self.until)
        )


def check_ids(ids: Sequence[str]) -> None:
    """Raises `WrongCall` for what can be no id of a letter."""
    from events.quarantine.dead_letters import Place

    for one in ids:
        try:
            Place.read(one)
        except ValueError:
            raise WrongCall(f"ID: {one!r} is no dead letter; write TOPIC/PARTITION/OFFSET, as tally quarantine list does") from None


def named(dead_letters: "DeadLetters", ids: Sequence[str]) -> list["Letter"]:
    """The letters with these ids. Raises `Failure` for one that is not there."""
    for one in ids:
        if one not in dead_letters.letters:
            raise Failure(f"there is no dead letter {one!r}; tally quarantine list --state all shows which there are")
    return [dead_letters.letters[one] for one in dict.fromkeys(ids)]


def account_of_call(context: typer.Context) -> str | None:
    """The account of --account. The quarantine is of all accounts, so the setting alone, which is for reports, narrows nothing down."""
    root = context.find_root()
    source = root.get_parameter_source("account")
    return root.params["account"] if source is not None and source.name == "COMMANDLINE" else None


def _check(option: str, value: str | None, choices: Sequence[str]) -> None:
    if value is not None and value not in choices:
        raise WrongCall(f"--{option}: {value!r} is not allowed; choose one of {', '.join(choices)}")


def _time(option: Literal["since", "until"], text: str | None, zone: str) -> int | None:
    """In ms since 1970 UTC; a day begins at its midnight for `since`, and is over for `until`."""
    from events.rfc3339 import parse_time, to_milliseconds

    if text is None:
        return None
    try:
        if len(text) != _DAY_LENGTH:
            return parse_time(text)
        day = date.fromisoformat(text) + timedelta(days=option == "until")
        return to_milliseconds(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)))
    except (ValueError, OverflowError):
        allowed = "write a day as 2026-03-02, or a time as 2026-03-02T10:00:00Z"
        raise WrongCall(f"--{option}: {text!r} is neither a day nor a time; {allowed}") from None
