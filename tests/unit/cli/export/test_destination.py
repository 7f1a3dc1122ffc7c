"""A file is there whole or not at all."""

import os
from pathlib import Path

import pytest

from cli.export.destination import destination
from cli.failure import WrongCall


def test_a_file_appears_when_all_is_written(tmp_path: Path) -> None:
    place = tmp_path / "rows.csv"
    with destination(place) as sink:
        sink.write(b"one")
        assert not place.exists()
    assert place.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [place]


def write_until(interruption: type[BaseException], place: Path) -> None:
    with destination(place) as sink:
        sink.write(b"new")
        sink.flush()
        raise interruption


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, OSError, BrokenPipeError])
def test_what_comes_in_between_leaves_nothing_behind_and_the_old_file_as_it_was(tmp_path: Path, interruption: type[BaseException]) -> None:
    place = tmp_path / "rows.csv"
    place.write_text("old")
    with pytest.raises(interruption):
        write_until(interruption, place)
    assert place.read_text() == "old"
    assert list(tmp_path.iterdir()) == [place]


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "rows.csv")
    with destination(tmp_path / "link") as sink:
        sink.write(b"one")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "rows.csv").read_bytes() == b"one"


def test_the_rights_are_those_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    with destination(tmp_path / "rows.csv"):
        pass
    assert (tmp_path / "rows.csv").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_what_is_no_file_is_written_as_it_is() -> None:
    with destination(Path(os.devnull)) as sink:
        sink.write(b"one")
    assert not Path(os.devnull).is_file()


def test_a_file_that_cannot_be_written_is_a_wrong_call(tmp_path: Path) -> None:
    place = tmp_path / "absent" / "rows.csv"
    with pytest.raises(WrongCall, match=r"^--output: cannot write .*: No such file"), destination(place):
        pass


def test_standard_output_is_not_closed(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for text in (b"one ", b"two"):
        with destination(None) as sink:
            sink.write(text)
    assert capfdbinary.readouterr().out == b"one two"
