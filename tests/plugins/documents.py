"""The code blocks of README.md and docs/*.md, and a line at the end of a test run that says which of them were not executed.

Executed are ```python blocks, and ```sh blocks in which a line runs `tally` or `./dev tally`. A block is left out only by its info string,
which says why: ```sh no-run: needs a Kafka cluster. A block of any language with `file=NAME` in its info string is written to that file,
for the blocks after it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>```+|~~~+)(?P<info>[^`]*)$")
_TALLY = re.compile(
    r"""(?: ^ | [|;&(] | \bthen\b | \bdo\b ) \s*    # where a command begins
    (?: [A-Z_][A-Z0-9_]*=\S*\s+ )*                 # settings before it
    (?: \./dev\s+ )? tally \b (?P<arguments>[^|;&\n)]*)""",
    re.MULTILINE | re.VERBOSE,
)


@dataclass(frozen=True)
class Block:
    document: Path
    line: int
    info: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.document.relative_to(ROOT) if self.document.is_relative_to(ROOT) else self.document.name}:{self.line}"

    @property
    def language(self) -> str:
        return self.info.split(maxsplit=1)[0].rstrip(",") if self.info else ""

    @property
    def left_out(self) -> str | None:
        """Why the block is not to be executed; None if it is. Raises ValueError when it gives no reason."""
        match = re.search(r"\bno-run\b:?\s*(.*)", self.info)
        if match is None:
            return None
        if not match[1].strip():
            raise ValueError(f"{self.place}: `no-run` has to say why: ```{self.language} no-run: REASON")
        return match[1].strip()

    @property
    def file(self) -> str | None:
        match = re.search(r"\bfile=(\S+)", self.info)
        return match[1] if match else None

    @property
    def kind(self) -> Literal["file", "python", "shell"] | None:
        """What is done with the block; None for one that only shows something."""
        if self.file:
            return "file"
        if self.language in ("python", "py"):
            return "python"
        if self.language in ("sh", "bash", "shell") and self.tally_commands():
            return "shell"
        return None

    def tally_commands(self) -> list[str]:
        """The arguments of every `tally` in a shell block, as written."""
        return [match["arguments"].split(" #")[0].strip() for match in _TALLY.finditer(self.text.replace("\\\n", " "))]


def documents(root: Path = ROOT) -> list[Path]:
    return [path for path in [root / "README.md", *sorted((root / "docs").glob("*.md"))] if path.exists()]


def blocks(document: Path) -> Iterator[Block]:
    """The fenced blocks in order. Raises ValueError for one that is never closed."""
    lines = iter(enumerate(document.read_text(encoding="utf-8").splitlines(), start=1))
    for number, line in lines:
        opening = _FENCE.match(line)
        if opening is None:
            continue
        indent, text = len(opening["indent"]), []
        for _, inner in lines:
            if inner.strip().startswith(opening["fence"]) and not inner.strip().strip(opening["fence"][0]):
                break
            text.append(inner[indent:] if inner[:indent].isspace() else inner)
        else:
            raise ValueError(f"{document.name}:{number}: this block is never closed")
        yield Block(document, number, opening["info"].strip(), "\n".join(text) + "\n")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for name in ("passed", "failed") for report in terminalreporter.stats.get(name, [])]
    if not any("test_documents.py" in report.nodeid for report in reports):
        return
    executable = [block for document in documents() for block in blocks(document) if block.kind in ("python", "shell")]
    skipped = [block for block in executable if block.left_out]
    terminalreporter.write_line(f"documents: {len(executable) - len(skipped)} code blocks executed, {len(skipped)} left out")
    for block in skipped:
        terminalreporter.write_line(f"  {block.place}: {block.left_out}")
