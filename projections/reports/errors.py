"""What can be wrong with a question. Both errors are one line for people."""


class ParameterError(ValueError):
    """A parameter of a report cannot be used; nothing was read."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(f"{parameter}: {message}")
        self.parameter = parameter
        self.message = message
        """What is allowed."""


class NotFound(LookupError):
    """The subject of a report that no event has named."""

    def __init__(self, kind: str, subject: str) -> None:
        super().__init__(f"no event has named the {kind} {subject!r}")
        self.kind = kind
        self.id = subject


class MissingLibrary(Exception):
    """Something needs a library that is installed only on demand."""

    def __init__(self, wish: str, library: str, extra: str) -> None:
        super().__init__(f'{wish} needs {library}, which is not installed: pip install "tally[{extra}]"')
