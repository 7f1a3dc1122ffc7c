"""The page of faults names every test of one."""

from tests.unit.project.layout import ROOT


def test_every_test_of_a_fault_is_named() -> None:
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    tests = {path.name for path in (ROOT / "tests" / "faults").glob("test_*.py")} - {"test_soak.py"}  # which is a short soak.py
    assert {name for name in tests if f"../tests/faults/{name}" not in page} == set()
