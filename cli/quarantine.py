"""`tally quarantine`: the records that could not be used; shown, sent once more after a remedy, or put away."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TextIO

import typer

from cli.console import printable, progress, stdout
from cli.failure import Failure, WrongCall
from cli.quarantine_selection import ReasonOption, Selection, SinceOption, TopicOption, UntilOption, check_ids, named
from cli.settings import load

if TYPE_CHECKING:
    from events.log.port import Log
    from events.quarantine.dead_letters import Letter
    from events.quarantine.reader import QuarantineReader
    from events.settings import LogSettings
    from streams.redrive import Outcome, Redrive

app = typer.Typer(no_args_is_help=True, help="Records that could not be used: list them, send them once more, or put them away.")

_STANDARD: Final = "-"
"""Standard input or output in place of a file."""
_SLACK: Final = 30.0
"""Seconds besides, for the letters to be held and read again."""

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The id of the dead letter: TOPIC/PARTITION/OFFSET.")]
IdsArgument = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Dead letters by id; or choose them by the options.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON instead of tables.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Judge and tell, but write nothing.")]


@app.command("list")
def list_letters(
    context: typer.Context,
    reason: ReasonOption = None,
    topic: TopicOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    state: Annotated[str, typer.Option(metavar="STATE", help="open, redriven, evicted or all.")] = "open",
    limit: Annotated[int, typer.Option(min=1, metavar="NUMBER", help="Show so many, the newest.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List dead letters, the newest first; of all accounts, or of the one in --account.

    [bold]Examples[/bold]

      tally quarantine list

      tally quarantine list --reason invalid_data --since 2026-03-01 --account acme --json
    """
    from cli.quarantine_view import draw_list, letter_list

    zone = _zone(context)
    selection = Selection.read(context, zone, reason=reason, topic=topic, since=since, until=until, state=state)
    with _reading(context) as (_, reader):
        total = selection.of(reader.dead_letters)
    if as_json:
        print(json.dumps(letter_list(total[:limit], total), indent=2))
    else:
        stdout().print(draw_list(total[:limit], total, zone, state))


@app.command()
def show(
    context: typer.Context,
    letter_id: IdArgument,
    as_json: JsonOption = False,
    value: Annotated[str | None, typer.Option(metavar="FILE", help="Write the original bytes there; - is standard output.")] = None,
) -> None:
    """Show a dead letter whole: headers, bytes, what was wrong, and what became of it.

    [bold]Examples[/bold]

      tally quarantine show email-events/3/41

      tally quarantine show email-events/3/41 --value bad.json
    """
    from cli.quarantine_view import draw_whole, whole

    if value is not None and as_json:
        raise WrongCall("--value: writes the bytes alone; leave --json out")
    check_ids([letter_id])
    zone = _zone(context)
    with _reading(context) as (_, reader):
        (letter,) = named(reader.dead_letters, [letter_id])
        dead = reader.whole(letter)
    if value is not None:
        _write(value, dead.value or b"")
    elif as_json:
        print(json.dumps(whole(letter, dead), indent=2))
    else:
        print(draw_whole(letter, dead, zone))


@app.command()
def redrive(
    context: typer.Context,
    ids: IdsArgument = None,
    reason: ReasonOption = None,
    topic: TopicOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    file: Annotated[str | None, typer.Option(metavar="FILE", help="A corrected event for one dead letter; - is standard input.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Send the original even if it would be refused or undo a later one.")] = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
) -> None:
    """Send dead letters once more, after what was wrong has been put right: the original bytes to the original topic, each once at most.

    Every record is judged before, as a publisher judges; one that would only be refused again stays where it is. A corrected event goes to
    the topic that it belongs to.

    [bold]Examples[/bold]

      tally quarantine redrive --reason failed --dry-run

      tally quarantine redrive email-events/3/41 --file corrected.json
    """
    from streams.proposal import propose

    if file is not None and (len(ids or ()) != 1 or force):
        raise WrongCall("--file: corrects one dead letter; name it by its id, and leave --force out")
    selection = _selected(context, ids, reason, topic, since, until)
    corrected = None if file is None else _read(file)
    with _reading(context) as (log, reader):
        chosen = _chosen(reader, ids, selection)
        accepted, refused = _judged(log, reader, chosen, corrected, force=force)
        if dry_run:
            print(f"{len(accepted):,} would be redriven, {refused:,} not")
            return
        if accepted:
            _confirm(f"Redrive {len(accepted):,} records?", yes=yes)
            proposals = (propose(letter, reader.whole(letter), corrected, force=force) for letter in accepted)
            refused += _carry_out(_worker(context, log, reader).redrive(proposals), len(accepted))
    _conclude("redriven", len(chosen), refused)


@app.command()
def evict(
    context: typer.Context,
    reason_text: Annotated[str, typer.Option(metavar="TEXT", help="Why, for those who look for it later.")],
    ids: IdsArgument = None,
    reason: ReasonOption = None,
    topic: TopicOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
) -> None:
    """Put dead letters away for good: they stay in the log, but are not listed as open and cannot be redriven.

    [bold]Example[/bold]

      tally quarantine evict --reason not_json --until 2026-03-01 --reason-text "test mails of the old mailer"
    """
    if not reason_text.strip():
        raise WrongCall("--reason-text: is empty; say why")
    selection = _selected(context, ids, reason, topic, since, until)
    with _reading(context) as (log, reader):
        chosen = _chosen(reader, ids, selection)
        if dry_run:
            print(f"{len(chosen):,} would be evicted")
            return
        refused = 0
        if chosen:
            _confirm(f"Evict {len(chosen):,} dead letters for good?", yes=yes)
            keyed = ((letter, reader.whole(letter).key) for letter in chosen)
            refused = _carry_out(_worker(context, log, reader).evict(keyed, reason_text), len(chosen))
    _conclude("evicted", len(chosen), refused)


def _zone(context: typer.Context) -> str:
    from projections.settings import RedisSettings

    return load(RedisSettings, context).timezone


@contextmanager
def _reading(context: typer.Context) -> "Iterator[tuple[Log, QuarantineReader]]":
    """The log, and its quarantine read to the end."""
    from events.log.opening import open_log
    from events.quarantine.reader import QuarantineReader

    with open_log(_log_settings(context)) as log:
        reader = QuarantineReader(log)
        with progress("Reading the quarantine") as bar:
            reader.read_on(lambda read, total: bar.update(read, total=total))
        yield log, reader


def _log_settings(context: typer.Context) -> "LogSettings":
    from events.settings import LogSettings

    return load(LogSettings, context)


def _selected(
    context: typer.Context, ids: Sequence[str] | None, reason: str | None, topic: str | None, since: str | None, until: str | None
) -> Selection:
    """The filters of a call that changes something, which has to say of what. Raises `WrongCall`."""
    selection = Selection.read(context, _zone(context), reason=reason, topic=topic, since=since, until=until)
    if ids and selection.is_set:
        raise WrongCall("ID: names the dead letters; leave the filters out")
    if not ids and not selection.is_set:
        raise WrongCall("ID: is missing; name dead letters by id, or choose them by --reason, --topic, --account, --since or --until")
    check_ids(ids or ())
    return selection


def _chosen(reader: "QuarantineReader", ids: Sequence[str] | None, selection: Selection) -> "list[Letter]":
    """The oldest first, so that of a contact's profiles the newest wins as it would have."""
    chosen = named(reader.dead_letters, ids) if ids else selection.of(reader.dead_letters)
    return sorted(chosen, key=lambda letter: (letter.at, letter.origin))


def _judged(
    log: "Log", reader: "QuarantineReader", chosen: "Sequence[Letter]", corrected: bytes | None, *, force: bool
) -> "tuple[list[Letter], int]":
    """The letters that can be sent, and how many cannot; each of these is named."""
    from events.refusal import Refusal
    from streams.proposal import propose
    from streams.redrive import SUPERSEDED, standing, superseded

    told: dict[str, str] = {}
    profiles = []
    with progress("Judging", len(chosen)) as bar:
        for number, letter in enumerate(chosen, 1):
            if letter.state != "open":
                told[letter.id] = standing(letter)
                continue
            try:
                record = propose(letter, reader.whole(letter), corrected, force=force).records[0]
            except Refusal as refusal:
                told[letter.id] = f"would be refused again: {refusal}"
            else:
                profiles.append((letter, record._replace(value=None)))  # many values need not be held together
            bar.update(number)
    if not force:
        told |= dict.fromkeys(superseded(log, profiles), f"{SUPERSEDED}; --force sends it all the same")
    for letter_id, why in told.items():
        _tell(letter_id, why, sys.stderr)
    return [letter for letter in chosen if letter.id not in told], len(told)


def _worker(context: typer.Context, log: "Log", reader: "QuarantineReader") -> "Redrive":
    from getpass import getuser

    from streams.redrive import Redrive

    # Writing ends by itself within the timeout, and twice that is what has to fit into the time that a letter is held.
    return Redrive(log, reader, by=getuser(), holds=int((2 * _log_settings(context).kafka_timeout + _SLACK) * 1000))


def _carry_out(outcomes: "Iterable[Outcome]", count: int) -> int:
    """Tell each outcome as it comes; how many letters were not done."""
    failed = 0
    with progress("Writing", count) as bar:
        for number, outcome in enumerate(outcomes, 1):
            failed += not outcome.done
            _tell(outcome.letter.id, outcome.told, sys.stdout if outcome.done else sys.stderr)
            bar.update(number)
    return failed


def _conclude(done: str, count: int, failed: int) -> None:
    print(f"{count - failed:,} of {count:,} dead letters {done}")
    if failed:
        raise Failure(f"{failed:,} of {count:,} dead letters were not {done}; the lines above say why")


def _tell(letter_id: str, told: str, where: TextIO) -> None:
    print(printable(f"{letter_id}: {told}"), file=where)


def _confirm(question: str, *, yes: bool) -> None:
    if not yes and not sys.stdin.isatty():
        raise WrongCall("--yes: is needed where nobody can be asked")
    if not yes and not typer.confirm(question):
        raise typer.Abort


def _read(file: str) -> bytes:
    """The corrected event, without the white space around it. Raises `WrongCall`."""
    try:
        return (sys.stdin.buffer.read() if file == _STANDARD else Path(file).read_bytes()).strip()
    except OSError as error:
        raise WrongCall(f"--file: cannot read {file!r}: {error.strerror}") from error


def _write(file: str, value: bytes) -> None:
    if file == _STANDARD:
        sys.stdout.buffer.write(value)
        sys.stdout.buffer.flush()
        return
    try:
        Path(file).write_bytes(value)
    except OSError as error:
        raise WrongCall(f"--value: cannot write {file!r}: {error.strerror}") from error
