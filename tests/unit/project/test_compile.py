"""`./dev compile`: what is compiled, when the compiled form runs, and what is said where it cannot be made.

Compiling takes half a minute, so here a copy of the project compiles one module. That the compiled fold gives the same numbers is for the
build machine: it runs the property tests against it (.ci/run), and sets TALLY_TEST_REQUIRE_COMPILED to be sure that it does.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

import projections
from projections import compiled
from tests.unit.project.layout import ROOT

SUFFIX = EXTENSION_SUFFIXES[0]
FORM = "import projections, projections.names; print(projections.COMPILED, projections.FORM, projections.names.__file__, sep='|')"
CODE_HASH = "from projections.code_hash import code_hash; print(code_hash())"


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), **environment},
        text=True,
        capture_output=True,
        timeout=110,
        check=False,
    )


def form(folder: Path) -> list[str]:
    found = run(folder, "-c", FORM)
    assert (found.returncode, found.stderr) == (0, "")
    return found.stdout.strip().split("|")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the sources, whose only module to be compiled is the smallest."""
    for room in ("events", "projections"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "__compiled__"))
    shutil.copy(ROOT / "compile_fold.py", tmp_path)
    source = tmp_path / "projections" / "compiled.py"
    text, count = re.subn(r"(?ms)^MODULES: Final = \(.*?\)$", 'MODULES: Final = ("names",)', source.read_text(encoding="utf-8"))
    assert count == 1
    source.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.skipif(shutil.which("cc") is None and shutil.which("gcc") is None, reason="needs a C compiler")
def test_the_compiled_form_runs_until_a_source_changes_and_again_when_it_is_made_anew(project: Path) -> None:
    plain_hash = run(project, "-c", CODE_HASH).stdout
    assert ["False", "plain Python", str(project / "projections" / "names.py")] == form(project)

    made = run(project, "compile_fold.py")
    assert made.returncode == 0, made.stderr
    assert "compiling names" in made.stderr
    is_compiled, said, file = form(project)
    assert (is_compiled, said) == ("True", "compiled")
    assert file.endswith(f"names{SUFFIX}")
    assert Path(file).is_relative_to(project / "projections" / "__compiled__")
    assert plain_hash == run(project, "-c", CODE_HASH).stdout != ""

    layout = project / "projections" / "tables" / "layout.py"  # the compiler copies constants of what is imported, too
    text = layout.read_text(encoding="utf-8")
    layout.write_text(text.replace("CHUNK_ROWS: Final = 256", "CHUNK_ROWS: Final = 512"), encoding="utf-8")
    assert text != layout.read_text(encoding="utf-8")
    is_compiled, said, file = form(project)
    assert ("False", str(project / "projections" / "names.py")) == (is_compiled, file)
    assert "other sources" in said
    assert "./dev compile" in said

    layout.write_text(text, encoding="utf-8")
    assert form(project)[0] == "True"
    assert run(project, "compile_fold.py", "--remove").returncode == 0
    assert ["False", "plain Python", str(project / "projections" / "names.py")] == form(project)


def test_without_a_c_compiler_one_line_says_what_to_install(project: Path) -> None:
    made = run(project, "compile_fold.py", CC="no-such-compiler")
    *_, last = made.stderr.splitlines()
    assert (
        made.returncode,
        last,
    ) == (1, "compile: no C compiler: no-such-compiler is not there (Debian, Ubuntu: apt-get install gcc libc6-dev)")
    assert not (project / "projections" / "__compiled__").exists()


def test_a_compilation_that_fails_leaves_nothing_behind_and_says_why(project: Path) -> None:
    names = project / "projections" / "names.py"
    names.write_text(names.read_text(encoding="utf-8") + "\nWRONG: int = 'text'\n", encoding="utf-8")
    made = run(project, "compile_fold.py")
    assert made.returncode != 0
    assert "Incompatible types in assignment" in made.stderr
    assert not (project / "projections" / "__compiled__").exists()


def test_whatever_the_compiled_modules_import_of_ours_counts_among_their_sources() -> None:
    known = {(compiled.ROOM / f"{name}.py").resolve() for name in (*compiled.MODULES, *compiled.READ)}
    imported: set[Path] = set()
    for module in compiled.MODULES:
        for node in ast.walk(ast.parse((compiled.ROOM / f"{module}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("events", "projections"):
                place = ROOT.joinpath(*(node.module or "").split("."))
                names = [place / alias.name for alias in node.names] if place.is_dir() else [place]
                imported |= {name.with_suffix(".py") for name in names}
    assert imported - known == set()


def test_the_folder_of_the_compiled_form_is_in_no_commit() -> None:
    assert "__compiled__/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.skipif("TALLY_TEST_REQUIRE_COMPILED" not in os.environ, reason="the plain form is tested")
def test_the_form_that_is_tested_is_the_compiled_one() -> None:
    from projections import account_fold, view

    assert projections.COMPILED, projections.FORM
    assert [str(module.__file__).endswith(SUFFIX) for module in (account_fold, view)] == [True, True]
