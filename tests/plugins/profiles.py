"""How hard the property tests try: quick for people, deeper on the build machine.

`TALLY_TEST_PROFILE=ci` or hypothesis's own `--hypothesis-profile ci` chooses. People's runs draw at random, so that each looks somewhere
else; a failure prints the blob that repeats it. The build machine draws the same examples for the same tests: it is a gate, and what it
says of a change is not to hang on a throw of the dice.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

PROFILES = {"quick": 50, "ci": 70}
"""Profile name -> examples a property test draws, where the test does not say itself."""


@pytest.hookimpl(tryfirst=True)  # before hypothesis itself, which looks for the profile of its own option
def pytest_configure(config: pytest.Config) -> None:
    for name, examples in PROFILES.items():
        settings.register_profile(
            name,
            max_examples=examples,
            derandomize=name == "ci",
            print_blob=True,
            # A busy machine is no fault of the code; pytest-timeout ends what hangs.
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        )
    if config.getoption("hypothesis_profile", None):
        return
    chosen = os.environ.get("TALLY_TEST_PROFILE", "quick")
    if chosen not in PROFILES:
        raise pytest.UsageError(f"TALLY_TEST_PROFILE={chosen!r} is not one of {', '.join(PROFILES)}")
    settings.load_profile(chosen)
