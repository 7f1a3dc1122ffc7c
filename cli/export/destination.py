"""Where a report goes: to standard output, or into a file that is there whole or not at all."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cli.failure import WrongCall


@contextmanager
def destination(output: Path | None) -> Iterator[BinaryIO]:
    """What to write to. A file takes the place of an old one when all is written; whatever comes in between leaves nothing behind.

    Raises `WrongCall` for a file that cannot be written.
    """
    if output is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    place = output.resolve()  # a link stays, and what it points at is replaced
    if place.exists() and not place.is_file():
        with _opened(place, output, "wb") as device:
            yield device
        return
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        with _opened(part, output, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)


def _opened(path: Path, output: Path, mode: str) -> BinaryIO:
    try:
        return path.open(mode)  # type: ignore[return-value]
    except OSError as error:
        raise WrongCall(f"--output: cannot write {str(output)!r}: {error.strerror}") from error
