"""`tally publish`: a file or a stream of events into the log."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

import typer

from cli.console import progress
from cli.failure import Failure, WrongCall
from cli.settings import load

if TYPE_CHECKING:
    from events.publication import RefusedLine

_STANDARD_INPUT: Final = "-"


def publish(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSON lines, one event a line; - is standard input.")],
    skip_invalid: Annotated[bool, typer.Option("--skip-invalid", help="Publish the good lines even if there are bad ones.")] = False,
) -> None:
    """Publish events: one structured CloudEvent a line.

    Every line is judged before anything is written, so a bad line refuses the whole file; with --skip-invalid the good lines are
    published as they come. Each refused line is named on standard error with its reason. Blank lines are skipped.

    [bold]Examples[/bold]

      tally publish events.jsonl

      mailer-export | tally publish --skip-invalid -
    """
    from events.log.opening import open_log
    from events.publication import publish_lines
    from events.settings import LogSettings

    settings = load(LogSettings, context)
    with _lines(file) as lines:
        size = _size(lines)
        passes = 1 if skip_invalid else 2
        with progress("Publishing", None if size is None else size * passes) as bar:
            done = publish_lines(
                lines,
                partial(open_log, settings),
                skip_invalid=skip_invalid,
                on_refusal=_name,
                on_progress=lambda told: bar.update(told.bytes + (size or 0) * (told.stage == "writing" and not skip_invalid)),
            )
    print(f"accepted {done.accepted}, refused {done.refused}")
    if done.failure is not None:
        raise Failure(f"{done.failure}; publish the file again: what is stored already does not count twice")
    if done.refused and not skip_invalid:
        raise Failure("nothing was published, because of the bad lines; --skip-invalid publishes the good ones")


@contextmanager
def _lines(file: str) -> Iterator[BinaryIO]:
    """The bytes of a file or of standard input. Raises `WrongCall` for a file that cannot be read."""
    if file == _STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    try:
        opened = Path(file).open("rb")  # noqa: SIM115  closed below; only a failure to open is the caller's fault
    except OSError as error:
        raise WrongCall(f"FILE: cannot read {file!r}: {error.strerror}") from error
    with opened:
        yield opened


def _size(lines: BinaryIO) -> int | None:
    """Bytes of a file; None for a pipe."""
    try:
        about = os.fstat(lines.fileno())
    except OSError:
        return None
    return about.st_size if S_ISREG(about.st_mode) else None


def _name(line: "RefusedLine") -> None:
    print(f"line {line.line}: {line.reason}: {line.detail}", file=sys.stderr)
