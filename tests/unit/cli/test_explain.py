"""Wrong calls of `tally explain`."""

import pytest

from tests.unit.cli.conftest import Tally


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["performance", "--metric", "open"], "--sequence: names the one sequence"),
        (["performance", "--metric", "open", "--sequence", "a", "--sequence", "b"], "--sequence: names the one sequence"),
        (["performance", "--metric", "open", "--sequence", ""], "--sequence"),
        (["analyze", "--metric", "opens"], "--metric: 'opens' is not allowed; choose one of open, click"),
        (["analyze", "--metric", "open", "--status", "asleep"], "--status"),
        (["analyze", "--metric", "open", "--basis", "pigeons"], "--basis"),
        (["analyze", "--metric", "open", "--opens", "none"], "--opens"),
        (["analyze", "--metric", "open", "--enrolled-from", "today"], "--enrolled-from"),
        (["analyze", "--metric", "open", "--time-zone", "Mars"], "--time-zone"),
        (["enrollment", ""], "ENROLLMENT_ID"),
        (["enrollment", "e-1", "--contact", ""], "--contact"),
    ],
)
def test_a_wrong_call_names_the_parameter(tally: Tally, arguments: list[str], complaint: str) -> None:
    outcome = tally("explain", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"tally: {complaint}")
    assert outcome.err.count("\n") == 1
