"""What the documents list is what there is: tables made from the code, reasons of refusal, links, tests that they point to."""

import re
from functools import cache
from pathlib import Path

import pytest

from events.refusal import Reason
from projections.reports.dimensions import DIMENSIONS
from projections.reports.measures import MEASURES
from streams.projector import FAILED
from tests.plugins.documents import documents
from tests.unit.project.command_line import settings_classes
from tests.unit.project.document_tables import SETTINGS, TABLES, tables_in
from tests.unit.project.layout import ROOT

_LINK = re.compile(r"\]\((?!https?://)(?P<path>[^)#\s]*)(?:#(?P<heading>[^)\s]+))?\)")


def test_every_table_is_as_the_code_has_it() -> None:
    found = [table for document in documents() for table in tables_in(document)]
    assert {name for name, _ in found} == TABLES.keys()
    for name, text in found:
        assert text == TABLES[name](), f"the table {name!r} is not current: python -m tests.unit.project.document_tables writes it anew"


def test_the_tables_have_every_settings_class() -> None:
    assert set(SETTINGS) == settings_classes()


def test_every_reason_of_the_quarantine_is_explained_in_its_order() -> None:
    _, _, section = (ROOT / "docs" / "events.md").read_text(encoding="utf-8").partition("## What cannot be used, and why")
    explained = re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)
    assert explained == [*Reason, FAILED]


def test_every_measure_and_dimension_is_explained_in_its_order() -> None:
    _, _, section = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8").partition("## Your own: custom")
    first_cells = re.findall(r"^\|([^|]*)\|", section, re.MULTILINE)
    assert re.findall(r"`(\w+)`", " ".join(first_cells)) == [*MEASURES]
    (dimensions,) = re.findall(r"^Dimensions: (.*?)\n\n", section, re.MULTILINE | re.DOTALL)
    assert re.findall(r"`(\w+)`", dimensions) == [*DIMENSIONS]


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in _LINK.finditer(document.read_text(encoding="utf-8")):
        target = document.parent / link["path"] if link["path"] else document
        assert target.exists(), f"{document.name} links to {link['path']}, which is not there"
        if link["heading"]:
            assert link["heading"] in headings(target), f"{document.name} links to a heading {link['heading']} that {target.name} has not"


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_every_test_that_a_document_names_exists(document: Path) -> None:
    named = set(re.findall(r"\b(test_\w+)\b(?!\.py)", document.read_text(encoding="utf-8")))
    assert named - names_of_tests() == set()


def headings(document: Path) -> set[str]:
    """The anchors that a reader's browser knows."""
    titles = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@cache
def names_of_tests() -> set[str]:
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return {name for source in sources for name in re.findall(r"^(?:async )?def (test_\w+)", source, re.MULTILINE)}
