"""`--mutants`: each fault test runs once with each of the mutants that it is said to notice (tests/faults/mutants.py), and has to fail."""

from collections.abc import Generator

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutants", action="store_true", help="run fault tests against the program with one law broken; each has to fail")
    parser.addoption("--sample", action="store_true", help="with --mutants: only tests that start no process of their own")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "notices(*mutants): the test fails where one of these is at work")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    names = [name for marker in metafunc.definition.iter_markers("notices") for name in marker.args]
    if names and "mutant" not in metafunc.fixturenames:
        raise pytest.UsageError(f"{metafunc.definition.nodeid} notices mutants, and no fixture of it puts them to work (`mutant`)")
    if names and metafunc.config.getoption("mutants"):
        noticed = pytest.mark.xfail(strict=True, reason="the mutant is noticed")
        metafunc.parametrize("mutant", [pytest.param(name, marks=noticed) for name in names], indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("mutants"):
        sample = config.getoption("sample")
        items[:] = [
            item
            for item in items
            if item.get_closest_marker("notices") and _is_first_share(item) and not (sample and _starts_processes(item))
        ]


def _starts_processes(item: pytest.Item) -> bool:
    return not {"zygote", "kafka"}.isdisjoint(getattr(item, "fixturenames", ()))


def _is_first_share(item: pytest.Item) -> bool:
    """A test that is divided into shares, which do the same with other seeds, has to notice a mutant once."""
    called = getattr(item, "callspec", None)
    return called is None or called.params.get("share", 0) == 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What goes wrong before a test begins is not noticed by it."""
    report = yield
    if item.config.getoption("mutants") and call.when == "setup" and call.excinfo is not None and hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = item.repr_failure(call.excinfo)
        del report.wasxfail
    return report


@pytest.fixture
def mutant(request: pytest.FixtureRequest) -> str | None:
    """What is broken in this run; None where everything is as it should be."""
    name: str | None = getattr(request, "param", None)
    return name
