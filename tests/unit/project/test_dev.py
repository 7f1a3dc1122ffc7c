"""./dev, run as a person does, on a small project of the same build: one package in the lock, which needs no network."""

import hashlib
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.project.layout import ROOT

BACKEND = '''
"""A build backend in the project's own folder, and a maker of wheels for the tests."""

import pathlib
import zipfile


def write_wheel(folder, name, files, entry_points=""):
    path = pathlib.Path(folder, f"{name}-0.1.0-py3-none-any.whl")
    about = f"{name}-0.1.0.dist-info"
    files = {
        **files,
        f"{about}/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 0.1.0\\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        f"{about}/entry_points.txt": entry_points,
    }
    files[f"{about}/RECORD"] = "".join(f"{each},,\\n" for each in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(path, "w") as wheel:
        for each, text in files.items():
            wheel.writestr(zipfile.ZipInfo(each), text)
    return path.name


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    here = str(pathlib.Path(__file__).parent)
    return write_wheel(wheel_directory, "tally", {"tally.pth": here}, "[console_scripts]\\ntally = cli:main\\n")
'''

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""

# Says what it was started with, as `tally` and in place of pytest.
PROGRAM = """
import os, sys

def main():
    import pebble
    print([os.path.basename(sys.argv[0]), *sys.argv[1:]], os.getcwd())
    print({name: value for name, value in sorted(os.environ.items()) if name.startswith("TALLY_")})

if __name__ == "__main__":
    main()
"""


@dataclass(frozen=True)
class Project:
    root: Path
    environment: dict[str, str]

    def start(self, *arguments: str, cwd: Path | None = None, settings: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.root / "dev", *arguments],
            cwd=cwd or self.root,
            env=self.environment | dict(settings or {}),
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def run(self, *arguments: str, cwd: Path | None = None, settings: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, cwd=cwd, settings=settings)
        out, err = process.communicate()
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def said(self, *arguments: str) -> list[str]:
        """The lines that a run which has to succeed wrote to the standard error, without the versions and paths in them."""
        result = self.run(*arguments)
        assert result.returncode == 0, result.stderr
        return [line.split(" with ")[0] for line in result.stderr.splitlines()]


MAKING = ["dev: making .venv", "dev: installing the 1 packages of requirements.lock, once", "dev: installing tally itself"]


def search_path(folder: Path, **commands: str) -> str:
    """A folder for PATH with the tools that ./dev uses, and these scripts; no Python but those."""
    folder.mkdir()
    for tool in ("cat", "cmp", "cp", "dirname", "env", "grep", "mv", "rm", "sed", "tail"):
        found = shutil.which(tool)
        assert found, tool
        (folder / tool).symlink_to(found)
    for name, script in commands.items():
        path = folder / name.replace("_", ".")
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
    return str(folder)


def pretending(fact: str) -> str:
    """A Python about which something else is true, when it is asked what it is."""
    return f"""exec "{sys.executable}" -c '{fact}; import sys; exec(sys.argv[1])' "$2" """


OLD = pretending("import sys; sys.version_info = (3, 8, 18)")
WITHOUT_VENV = pretending('import sys; sys.modules["ensurepip"] = None')
GOOD = f'exec "{sys.executable}" "$@"'


def write_project(root: Path) -> None:
    shutil.copy(ROOT / "dev", root / "dev")
    files = {"backend.py": BACKEND, "pyproject.toml": PYPROJECT, "cli.py": PROGRAM, "pytest.py": PROGRAM}
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")
    wheels = root / "wheels"
    wheels.mkdir()
    wheel = wheels / runpy.run_path(str(root / "backend.py"))["write_wheel"](wheels, "pebble", {"pebble.py": ""})
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (root / "requirements.lock").write_text(f"pebble==0.1.0 --hash=sha256:{digest}\n", encoding="utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """In a folder with a space in its name, with an empty home, a first python3 that is too old, and leftovers of other work."""
    base = tmp_path_factory.mktemp("dev")
    root = base / "a project"
    root.mkdir()
    write_project(root)
    home = base / "home"
    home.mkdir()
    trap = base / "trap"
    trap.mkdir()
    (trap / "pebble.py").write_text("raise RuntimeError('found through PYTHONPATH')\n", encoding="utf-8")
    environment = {
        "PATH": search_path(base / "bin", python3=OLD, python3_12=GOOD),
        "HOME": str(home),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": (root / "wheels").as_uri(),
        "PIP_USER": "1",
        "PIP_TARGET": str(trap),
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PYTHONPATH": str(trap),
        "VIRTUAL_ENV": str(trap),
    }
    project = Project(root, environment)
    assert project.said("tally") == MAKING
    return project


def test_help_names_every_verb(project: Project) -> None:
    shown = project.run()
    assert (shown.returncode, shown.stderr) == (0, "")
    assert [verb for verb in ("demo", "test", "check", "format", "bench", "tally", "lock") if f"\n  {verb} " not in shown.stdout] == []
    assert project.run("help").stdout == project.run("--help").stdout == shown.stdout


def test_an_unknown_verb_is_named_and_refused(project: Project) -> None:
    result = project.run("tset")
    assert (result.returncode, result.stdout, result.stderr.splitlines()[-1]) == (2, "", "dev: there is no verb tset")


def test_a_second_run_starts_in_under_two_seconds_and_says_nothing(project: Project) -> None:
    begun = time.monotonic()
    result = project.run("tally")
    took = time.monotonic() - begun
    assert (result.returncode, result.stderr) == (0, "")
    assert took < 2


def test_arguments_and_the_working_folder_reach_the_program(project: Project, tmp_path: Path) -> None:
    result = project.run("tally", "report", "two words", "", cwd=tmp_path)
    assert result.stdout.splitlines()[0] == f"{['tally', 'report', 'two words', '']} {tmp_path}"
    assert project.run("demo", "--once").stdout.splitlines()[0] == f"{['tally', 'demo', '--once']} {project.root}"


def test_tests_run_in_the_project_without_the_settings_of_a_person(project: Project, tmp_path: Path) -> None:
    settings = {"TALLY_LOG": "kafka://production:9092", "TALLY_TEST_REQUIRE_KAFKA": "1"}
    result = project.run("test", "-k", "a name", cwd=tmp_path, settings=settings)
    assert result.stdout.splitlines() == [f"{['pytest.py', '-k', 'a name']} {project.root}", "{'TALLY_TEST_REQUIRE_KAFKA': '1'}"]
    assert project.run("tally", settings=settings).stdout.splitlines()[1] == str(settings)


def test_a_changed_pyproject_installs_only_the_project(project: Project) -> None:
    with (project.root / "pyproject.toml").open("a", encoding="utf-8") as pyproject:
        pyproject.write("# changed\n")
    assert project.said("tally") == ["dev: installing tally itself"]
    assert project.said("tally") == []


def test_a_changed_lock_makes_the_environment_anew_and_two_at_once_do_it_once(project: Project) -> None:
    leftover = project.root / ".venv" / "leftover"
    leftover.touch()
    with (project.root / "requirements.lock").open("a", encoding="utf-8") as lock:
        lock.write("# changed\n")
    both = [project.start("tally", "first"), project.start("tally", "second")]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum(err.count("making .venv") for _, err in said) == 1
    assert [out.splitlines()[0].split("]")[0] for out, _ in said] == ["['tally', 'first'", "['tally', 'second'"]
    assert not leftover.exists()
    assert project.said("tally") == []


def test_an_installation_that_failed_or_was_interrupted_is_begun_again(project: Project) -> None:
    lock = project.root / "requirements.lock"
    good = lock.read_text(encoding="utf-8")
    lock.write_text(re.sub("sha256:.*", "sha256:" + 64 * "0", good), encoding="utf-8")
    failed = project.run("tally")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.splitlines()[-1] == "dev: pip could not install (see above); run ./dev again when the cause is mended"

    lock.write_text(good, encoding="utf-8")
    interrupted = project.start("tally")
    assert interrupted.stderr
    assert "making .venv" in interrupted.stderr.readline()
    os.killpg(interrupted.pid, signal.SIGINT)
    out, err = interrupted.communicate()
    assert (interrupted.returncode != 0, out, err.splitlines()[-1]) == (True, "", "dev: interrupted; the next ./dev begins again")

    assert project.said("tally") == MAKING


def test_a_python_that_is_gone_is_replaced(project: Project) -> None:
    (project.root / ".venv" / "bin" / "python").unlink()
    assert project.said("tally") == MAKING


def test_from_its_own_environment_a_moved_folder_is_made_anew(project: Project, tmp_path: Path) -> None:
    """The scripts of an environment hold its absolute path; here the only Python on the PATH is the environment's own."""
    moved = tmp_path / "moved"
    shutil.copytree(project.root, moved, symlinks=True)
    own = f"{moved / '.venv' / 'bin'}:{search_path(tmp_path / 'bin')}"
    elsewhere = Project(moved, project.environment | {"PATH": own})
    assert elsewhere.said("tally") == MAKING
    assert elsewhere.said("tally") == []


def complaint(tmp_path: Path, chosen: str = "", **commands: str) -> str:
    """The one line that ./dev ends with, with these Pythons alone."""
    root = tmp_path / "project"
    root.mkdir()
    write_project(root)
    environment = {"PATH": search_path(tmp_path / "bin", **commands), "HOME": str(tmp_path)}
    result = Project(root, environment | ({"TALLY_PYTHON": chosen} if chosen else {})).run("tally")
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (1, "", 1), result.stderr
    assert not (root / ".venv").exists()
    return result.stderr.strip()


def test_without_python_it_says_so(tmp_path: Path) -> None:
    assert complaint(tmp_path) == "dev: Python 3.11 or newer is needed; install one, or name one in TALLY_PYTHON"


def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    assert "needed, but python3 is Python 3.8; install one" in complaint(tmp_path, python3=OLD)


def test_a_python_without_venv_gets_the_remedy(tmp_path: Path) -> None:
    version = "{}.{}".format(*sys.version_info[:2])
    expected = (
        f"python3 is Python {version} without the venv and ensurepip modules; install it (Debian, Ubuntu: apt-get install python3-venv)"
    )
    assert expected in complaint(tmp_path, python3=WITHOUT_VENV)


def test_a_named_python_that_is_not_there_is_not_replaced_by_another(tmp_path: Path) -> None:
    assert "but TALLY_PYTHON=/no/such python is not there" in complaint(tmp_path, chosen="/no/such python", python3=GOOD)


def test_a_named_python_that_does_not_run_is_reported(tmp_path: Path) -> None:
    assert "but TALLY_PYTHON=python9 does not run" in complaint(tmp_path, chosen="python9", python9="exit 127", python3=GOOD)


def test_the_script_is_plain_posix_shell_and_executable() -> None:
    assert os.access(ROOT / "dev", os.X_OK)
    assert (ROOT / "dev").read_text(encoding="utf-8").startswith("#!/bin/sh\n")
    dash = shutil.which("dash") or "/bin/sh"
    assert subprocess.run([dash, "-n", ROOT / "dev"], check=False).returncode == 0
