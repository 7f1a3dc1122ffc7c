"""The settings of a worker."""

import pytest
from pydantic import ValidationError

from streams.settings import WorkerSettings


def test_every_setting_is_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLY_GROUP", "other")
    monkeypatch.setenv("TALLY_MAX_BATCH", "7")
    monkeypatch.setenv("TALLY_ALLOW_GAPS", "true")
    settings = WorkerSettings()
    assert (settings.group, settings.max_batch, settings.allow_gaps) == ("other", 7, True)


def test_a_gap_is_an_error_by_default() -> None:
    assert WorkerSettings().allow_gaps is False


@pytest.mark.parametrize(("session", "heartbeat"), [(6, 2), (9, 3), (30, 3)])
def test_the_heartbeat_is_a_third_of_the_session_and_three_seconds_at_most(session: float, heartbeat: float) -> None:
    assert WorkerSettings(session_timeout=session).heartbeat_interval == heartbeat


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_batch", 0),
        ("session_timeout", 0),
        ("progress_interval", 0),
        ("failures_share", 1.5),
        ("group", ""),
        ("group", "a b"),
        ("attempts", 0),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        WorkerSettings.model_validate({name: value})
