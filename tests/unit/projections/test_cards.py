import pytest

from events.catalog import DashboardCard
from projections.cards import question
from projections.reports import ParameterError


def card(report: str, **parameters: list[str]) -> DashboardCard:
    return DashboardCard(report=report, parameters=parameters)


def test_what_the_report_is_about_is_taken_out_of_the_parameters() -> None:
    asked = question(card("steps", sequence_id=["s-1"], team=["t-1", "t-2"]), account="acme", default_time_zone="Europe/Berlin")
    assert (asked.report.name, asked.query.account, asked.query.subject) == ("steps", "acme", "s-1")
    assert asked.query.given == {"team": ["t-1", "t-2"]}
    assert asked.query.time_zone == "Europe/Berlin"
    assert question(DashboardCard(report="analyze"), account="acme").query.subject == ""


@pytest.mark.parametrize(
    ("wrong", "parameter"),
    [
        (card("nope"), "report"),
        (card("steps"), "sequence_id"),
        (card("steps", sequence_id=[]), "sequence_id"),
        (card("steps", sequence_id=["s-1", "s-2"]), "sequence_id"),
        (card("analyze", sequence_id=["s-1"]), "sequence_id"),
        (card("analyze", tem=["t-1"]), "tem"),
        (card("analyze", basis=["pigeons"]), "basis"),
        (card("analyze", enrolled_from=["yesterday"]), "enrolled_from"),
    ],
)
def test_a_card_that_no_report_can_answer_names_the_parameter(wrong: DashboardCard, parameter: str) -> None:
    with pytest.raises(ParameterError) as caught:
        question(wrong, account="acme")
    assert caught.value.parameter == parameter
