"""README.md and docs/*.md: what they show runs, and what they name exists. Which blocks run, tests/plugins/documents.py says.

The blocks of one document run in order in one empty folder, each in a process of its own, as a reader would try them. Without settings the
log is SQLite and Redis the embedded one; the account is acme.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.integration.cli.conftest import processes_of
from tests.plugins.documents import Block, blocks, documents
from tests.unit.project.command_line import check_command, environment_names
from tests.unit.project.layout import ROOT

SECONDS = 60
"""How long one block may take."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, because a unix socket in it has to have a path of at most 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="tally-") as name:
        yield Path(name)
        # What the last block has told to end needs its files for that.
        deadline = monotonic() + 10
        while (left := processes_of(Path(name))) and monotonic() < deadline:
            sleep(0.05)
        for process in left:
            os.kill(int(process.partition(":")[0]), signal.SIGKILL)


def environment() -> dict[str, str]:
    scripts = str(Path(sys.executable).parent)
    return {name: value for name, value in os.environ.items() if not name.startswith("TALLY_")} | {
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "TALLY_ACCOUNT": "acme",
    }


def execute(block: Block, folder: Path) -> None:
    """Run one block. Raises AssertionError that names its place, with what it printed."""
    match block.kind:
        case "file":
            assert block.file
            (folder / block.file).write_text(block.text, encoding="utf-8")
            return
        case "python":
            # Warnings about the block's own lines; what goes on inside of the packages is not the reader's business.
            command = [sys.executable, "-W", "error:::__main__", "-c", block.text]
        case "shell":
            command = ["sh", "-eu", "-c", re.sub(r"\./dev\s+tally\b", "tally", block.text)]
        case _:
            return
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        said, _ = process.communicate()
        raise AssertionError(f"{block.place}: not done after {SECONDS} s; it said\n{said}") from None
    assert process.returncode == 0, f"{block.place}: exit {process.returncode}; it said\n{said}"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_the_code_of_a_document_runs(document: Path, folder: Path) -> None:
    for block in blocks(document):
        if block.left_out is None:
            execute(block, folder)


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_every_command_and_setting_of_a_document_exists(document: Path) -> None:
    """Those of the blocks that do not run, too."""
    shell = [block for block in blocks(document) if block.language in ("sh", "bash", "shell")]
    for block in shell:
        for command in block.tally_commands():
            words = [word for word in shlex.split(command) if word != "&"]
            redirected = [words.index(sign) for sign in ("<", ">", "2>") if sign in words]
            words = words[: min(redirected, default=len(words))]
            try:
                check_command(words)
            except ValueError as error:
                raise AssertionError(f"{block.place}: {error}") from error
    verbs = {verb for block in shell for verb in re.findall(r"\./dev ([a-z]+)", block.text)}
    script = (ROOT / "dev").read_text(encoding="utf-8")
    assert [verb for verb in sorted(verbs) if f"\n  {verb} " not in script] == []
    named = set(re.findall(r"\bTALLY_[A-Z0-9_]*[A-Z0-9]\b", document.read_text(encoding="utf-8")))
    outside_the_program = {name for name in named if name.startswith("TALLY_TEST_") or name == "TALLY_PYTHON"}
    assert sorted(named - outside_the_program - environment_names()) == []


def document(folder: Path, text: str) -> list[Block]:
    path = folder / "guide.md"
    path.write_text(text, encoding="utf-8")
    return list(blocks(path))


def test_blocks_are_found_with_their_line_language_and_reason(tmp_path: Path) -> None:
    found = document(
        tmp_path,
        """# Guide
```python
print(1)
```
1. In a list:

   ```sh no-run: needs Kafka
   tally worker
   ```
````text
```sh
```
````
```json file=event.json
{}
```
""",
    )
    assert [(block.line, block.language, block.left_out, block.kind, block.text) for block in found] == [
        (2, "python", None, "python", "print(1)\n"),
        (7, "sh", "needs Kafka", "shell", "tally worker\n"),
        (10, "text", None, None, "```sh\n```\n"),
        (14, "json", None, "file", "{}\n"),
    ]


def test_a_block_left_out_without_a_reason_is_refused(tmp_path: Path) -> None:
    (block,) = document(tmp_path, "```sh no-run\ntally worker\n```\n")
    with pytest.raises(ValueError, match=r"guide\.md:1: `no-run` has to say why"):
        _ = block.left_out


def test_a_block_that_is_never_closed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"guide\.md:2: this block is never closed"):
        document(tmp_path, "text\n```sh\ntally worker\n")


def test_the_tally_commands_of_a_shell_block_are_recognised(tmp_path: Path) -> None:
    (block,) = document(
        tmp_path,
        """```sh
cat > a.jsonl <<EOF
EOF
tally publish a.jsonl  # the whole file
TALLY_LOG=sqlite:///x.db ./dev tally report performance \\
  --format json | head
echo tally is not a command here
cat a.jsonl | tally publish - && tally status; git clone tally
```
""",
    )
    assert block.tally_commands() == ["publish a.jsonl", "report performance    --format json", "publish -", "status"]


def test_a_shell_block_without_tally_is_not_executed(tmp_path: Path) -> None:
    (block,) = document(tmp_path, "```sh\ngit clone tally\n./dev demo\n```\n")
    assert (block.tally_commands(), block.kind) == ([], None)


def test_blocks_run_in_order_in_one_folder(folder: Path, tmp_path: Path) -> None:
    (folder / "tally").write_text("#!/bin/sh\ncat event.json > published\n", encoding="utf-8")
    (folder / "tally").chmod(0o755)
    text = """```json file=event.json
{"type": "made here"}
```
```sh
PATH=.:$PATH
./dev tally publish event.json
```
```python
import pathlib
assert "made here" in pathlib.Path("published").read_text()
```
"""
    for block in document(tmp_path, text):
        execute(block, folder)
    assert shutil.which("tally", path=folder)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("```python\nraise SystemExit('no such name')\n```\n", r"guide\.md:1: exit 1; it said\s+no such name"),
        ("```sh\nfalse\ntally --help\n```\n", r"guide\.md:1: exit 1"),
        ("```python\nimport warnings\nwarnings.warn('old', DeprecationWarning)\n```\n", "DeprecationWarning: old"),
    ],
    ids=["python", "shell", "a warning"],
)
def test_a_block_that_fails_is_named_with_what_it_said(text: str, complaint: str, folder: Path, tmp_path: Path) -> None:
    (block,) = document(tmp_path, text)
    with pytest.raises(AssertionError, match=complaint):
        execute(block, folder)
