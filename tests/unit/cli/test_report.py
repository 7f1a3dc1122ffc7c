import inspect
from typing import Final

from cli.report import report
from projections.reports import REPORTS
from tests.unit.cli.conftest import Tally

_OF_THE_COMMAND: Final = {"context", "name", "subject", "format"}


def test_every_parameter_of_every_report_is_an_option_and_no_other_is() -> None:
    parameters = {parameter.name for one in REPORTS.values() for parameter in one.parameters}
    assert set(inspect.signature(report).parameters) - _OF_THE_COMMAND == parameters


def test_repeatable_parameters_are_repeatable_options() -> None:
    options = inspect.signature(report, eval_str=True).parameters
    for one in REPORTS.values():
        for parameter in one.parameters:
            assert ("list[str]" in str(options[parameter.name].annotation)) == parameter.repeatable, parameter.name


def test_the_help_names_every_report(tally: Tally) -> None:
    text = tally("report", "--help").out
    for one in REPORTS.values():
        assert f"{one.name}{' SEQUENCE_ID' if one.subject else ''}  " in text
