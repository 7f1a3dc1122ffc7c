"""What goes wrong on the command line, and the exit code that says so."""

from typing import Final

FAILED: Final = 1
WRONG_CALL: Final = 2
INTERRUPTED: Final = 130


class WrongCall(Exception):
    """The call itself is wrong (exit 2); the message is one line that names the parameter."""


class Failure(Exception):
    """The call was right and could not be carried out (exit 1); the message is one line and names the remedy."""
