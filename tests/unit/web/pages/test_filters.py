"""The filter bar: what is set, what can be set, and that nothing that is set gets lost."""

from datetime import date
from urllib.parse import parse_qs

import pytest

from projections.reports import ParameterError
from projections.reports.parameters import BASIS
from web.pages import filters

TODAY = date(2026, 8, 19)
GIVEN = {"team": ["north", "<b>"], "opens": ["all"], "interval": ["day"], "enrolled_from": ["2026-08-13"], "enrolled_to": ["2026-08-19"]}


def bar(given: dict[str, list[str]]) -> filters.Bar:
    known = {"team": [filters.Value("south", 7, "South"), filters.Value("north", 3)]}
    return filters.bar(given, known, zone="Europe/Berlin", today=TODAY, fields=["team", "variant"], basis=True)


def query(href: str) -> dict[str, list[str]]:
    return parse_qs(href.removeprefix("?"))


def test_what_is_set_is_offered_and_ticked() -> None:
    team, variant = bar(GIVEN).fields
    assert [tuple(choice) for choice in team.choices] == [
        ("north", "north", 3, True),
        ("<b>", "<b>", None, True),
        ("south", "South", 7, False),
    ]
    assert (variant.choices, variant.chosen) == ([], [])


def test_the_form_carries_what_it_has_no_field_for() -> None:
    assert bar(GIVEN).hidden == [("opens", "all"), ("interval", "day")]


def test_every_link_changes_one_thing() -> None:
    made = bar(GIVEN)
    assert [query(chip.href) for chip in made.chips] == [GIVEN | {"team": ["<b>"]}, GIVEN | {"team": ["north"]}]
    assert query(made.any_time).keys() == GIVEN.keys() - {"enrolled_from", "enrolled_to"}
    assert query(made.reset) == {"opens": ["all"], "interval": ["day"]}
    assert [(option.label, option.current) for option in made.opens] == [("People", False), ("People and machines", True)]
    assert query(made.opens[0].href) == {name: values for name, values in GIVEN.items() if name != "opens"}
    assert [query(option.href).get("basis") for option in made.basis] == [None, ["enrollments"], ["messages"]]
    assert all(query(option.href).items() >= GIVEN.items() for option in made.basis)


def test_presets_set_both_days() -> None:
    made = {preset.label: (query(preset.href), preset.current) for preset in bar(GIVEN).presets}
    days = {label: [found.get(name, [""])[0] for name in ("enrolled_from", "enrolled_to")] for label, (found, _) in made.items()}
    assert days == {
        "7 days": ["2026-08-13", "2026-08-19"],
        "30 days": ["2026-07-21", "2026-08-19"],
        "90 days": ["2026-05-22", "2026-08-19"],
        "This month": ["2026-08-01", "2026-08-19"],
        "This quarter": ["2026-07-01", "2026-08-19"],
        "All": ["", ""],
    }
    assert [label for label, (_, current) in made.items() if current] == ["7 days"]
    assert [preset.label for preset in bar({}).presets if preset.current] == ["All"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "any time"),
        ({"enrolled_from": ["2026-03-02"]}, "from 2 Mar 2026"),
        ({"enrolled_to": ["2026-03-02"]}, "until 2 Mar 2026"),
        ({"enrolled_from": ["2026-03-02"], "enrolled_to": ["2026-04-01"]}, "2 Mar 2026 – 1 Apr 2026"),
    ],
)
def test_dates_are_told_in_words(given: dict[str, list[str]], words: str) -> None:
    assert bar(given).dates == words


def test_only_numbers_without_filters_are_pushed() -> None:
    assert not filters.filtered({"interval": ["day"], "time_zone": ["Europe/Berlin"]})
    assert all(filters.filtered({name: ["x"]}) for name in ("team", "status", "enrolled_from", "opens", "basis"))


def test_what_a_page_does_not_have_is_named() -> None:
    filters.check({"team": ["a"], "basis": ["contacts"]}, BASIS)
    for name, without in (("teams", ()), ("basis", ()), ("sequence", ("sequence",))):
        with pytest.raises(ParameterError) as error:
            filters.check({name: ["x"]}, without=without)
        assert error.value.parameter == name
    with pytest.raises(ParameterError, match="interval: 'year' is not allowed; choose one of week, day"):
        filters.one_of({"interval": ["year"]}, "interval", ["week", "day"])
