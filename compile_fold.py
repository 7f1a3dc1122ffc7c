"""`./dev compile`: extension modules of the fold's hot modules, made by mypyc from the same sources.

    python compile_fold.py [--remove]

It needs all packages of requirements.lock and a C compiler. The list of the modules, and the rule that says which form runs, are in
projections/compiled.py.
"""

import argparse
import contextlib
import io
import os
import shlex
import shutil
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from projections.compiled import ALL, MODULES, ROOM, folder

ROOT = ROOM.parent
LIBRARY = "projections.fold"
"""The code of all modules is in one library, so that they call each other directly; the modules themselves only lead to it."""


def compile_fold() -> Path:
    """Make the extension modules of the sources as they are, unless they are there already. Raises `SystemExit` with one line that says
    what is missing."""
    made = folder()
    if made.is_dir():
        return made
    check_compiler()
    with tempfile.TemporaryDirectory() as temporary:
        built = build([f"{ROOM.name}/{module}.py" for module in MODULES], Path(temporary))
        remove()
        ALL.mkdir()
        part = ALL / f"{made.name}.part{os.getpid()}"
        shutil.copytree(built / ROOM.name, part)
        part.rename(made)  # whole or not at all
    return made


def build(sources: Sequence[str], temporary: Path) -> Path:
    """Build into a folder below `temporary`."""
    try:
        from mypyc.build import mypycify
        from setuptools import Distribution
    except ImportError as error:
        raise SystemExit(f"{error.name} is not installed, which compiles the fold: ./dev installs it") from None
    built = temporary / "built"
    said = io.StringIO()
    # Without the project's own configuration of mypy: what is checked here are types that the compiler relies on.
    options = ["--config-file=", "--explicit-package-bases", "--ignore-missing-imports", "--follow-imports=silent"]
    try:
        with contextlib.chdir(ROOT), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            extensions = mypycify(
                [*sources, *options, f"--cache-dir={temporary / 'cache'}"],
                group_name=LIBRARY,
                target_dir=str(temporary / "c"),
            )
            # As a command of its own: a setup script would read pyproject.toml, which is written for another build backend.
            command = Distribution({"name": "fold", "ext_modules": extensions}).get_command_obj("build_ext")
            command.build_lib, command.build_temp = str(built), str(temporary / "objects")
            command.ensure_finalized()
            command.run()
    except BaseException:
        print(said.getvalue(), file=sys.stderr)
        raise
    return built


def check_compiler() -> None:
    command = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
    if shutil.which(command) is None:
        raise SystemExit(f"no C compiler: {command} is not there (Debian, Ubuntu: apt-get install gcc libc6-dev)")
    header = Path(sysconfig.get_path("include"), "Python.h")
    if not header.exists():
        raise SystemExit(f"no headers of this Python: {header} is not there (Debian, Ubuntu: apt-get install python3-dev)")


def remove() -> None:
    """Take every compiled form away."""
    shutil.rmtree(ALL, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev compile", description="Compile the hot modules of the fold, or take the result away.")
    parser.add_argument("--remove", action="store_true", help="go back to plain Python")
    arguments = parser.parse_args()
    if arguments.remove:
        remove()
        print("removed: the fold runs as plain Python", file=sys.stderr)
        return
    print(f"compiling {', '.join(MODULES)} (half a minute)", file=sys.stderr)
    start = time.monotonic()
    try:
        made = compile_fold()
    except SystemExit as failure:
        raise SystemExit(f"compile: {failure}" if isinstance(failure.code, str) else failure.code) from None
    print(f"compiled in {time.monotonic() - start:.0f} s into {made.relative_to(ROOT)}; it is used from now on", file=sys.stderr)


if __name__ == "__main__":
    main()
