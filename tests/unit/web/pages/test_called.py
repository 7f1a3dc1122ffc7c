"""Sequences and companies are called as people call them, wherever only their ids are known."""

from collections.abc import Mapping

from tests.stories import event
from tests.unit.web.conftest import Served
from tests.unit.web.pages.markup import page
from tests.unit.web.shop import Shop

COMPANIES: Mapping[str, tuple[str | None, ...]] = {"co-1": ("Acme", "Acme", "Elsewhere"), "co-2": (None,), "co-3": ("<b>Bold & Co</b>",)}
"""Company -> what the profiles of its contacts call the one that they are with now."""
CALLED = {"co-1": "Acme", "co-2": "co-2", "co-3": "<b>Bold & Co</b>"}


async def served_company(served: Served) -> None:
    events = [event("sequence.defined", "08:00", sequence_id="s-1", name="Spring", version=1, steps=[])]
    for company, names in COMPANIES.items():
        for number, name in enumerate(names):
            contact = f"{company}-{number}"
            started = {"contact_id": contact, "enrollment_id": "e", "sequence_id": "s-1", "company_id": company}
            events.append(event("enrollment.started", "09:00", **started))
            events.append(event("contact.updated", "09:00", contact_id=contact, company_id=company, company_name=name))
    await Shop(served, *events).apply()


async def test_filters_offer_names_and_ask_for_ids(served: Served) -> None:
    await served_company(served)
    async with served.client() as client:
        found = await page(client, "/analyze?company=co-3&sequence=s-1")
        ticks = found.one("details", id="filter-company").all("label", class_="tick")
        assert {tick.one("input")["value"]: tick.all("span")[0].text for tick in ticks} == CALLED
        assert found.one("details", id="filter-company").one("summary").text == "Company: <b>Bold & Co</b>"
        chips = [chip.text for chip in found.one("ul", class_="chips").all("a")]
        assert [chip.removesuffix(" ×") for chip in chips[:2]] == ["Sequence: Spring", "Company: <b>Bold & Co</b>"]


async def test_a_report_of_ones_own_has_names_that_lead_to_the_company(served: Served) -> None:
    await served_company(served)
    async with served.client() as client:
        found = await page(client, "/reports/custom?measure=started&by=company&by=sequence")
        assert {tuple(row[:2]) for row in found.one("table").rows()} == {(name, "Spring") for name in CALLED.values()}
        heads = found.one("tbody").all("th")
        assert {head.one("a")["href"]: head.text for head in heads} == {f"/companies/{company}": name for company, name in CALLED.items()}
