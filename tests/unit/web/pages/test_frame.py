"""What all pages have in common: the frame, who may see it, what is said when something is wrong, and the static files."""

import gzip
import re
from collections.abc import Sequence
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from httpx import AsyncClient

from events.log.port import LogError
from events.publisher import now
from events.rfc3339 import format_time
from projections.reports.as_of import AsOf, Ends
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from projections.tables.store import Question, StoreUnavailable
from projections.versions import Versions
from tests.unit.web.conftest import Served, company
from tests.unit.web.pages.markup import checked, page
from web.pages import standstill
from web.pages.site import NAVIGATION
from web.settings import WebSettings
from web.tokens import Scope

FOLDER = Path(__file__).parents[4] / "web" / "pages"


async def test_the_first_page_is_that_of_the_sequences(client: AsyncClient) -> None:
    answer = await client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (307, "/sequences")


async def test_the_navigation_says_where_one_is(client: AsyncClient) -> None:
    found = await page(client, "/sequences")
    links = found.one("nav", aria_label="Pages").all("a")
    assert [(link["href"], link.text) for link in links] == [(entry.path, entry.label) for entry in NAVIGATION]
    assert [link.text for link in links if link.attributes.get("aria-current") == "page"] == ["Sequences"]
    assert found.all("a")[0]["href"] == f"#{found.one('main')['id']}"
    assert not found.all("form", action="/logout")


async def test_who_has_no_token_is_led_to_the_login_page_and_back(served: Served) -> None:
    served.tokens.create("default", [Scope.READ], "test", "2026-01-01T00:00:00Z")
    async with served.client() as client:
        answer = await client.get("/performance/a%2Fb?team=x&team=y")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=%2Fperformance%2Fa%252Fb%3Fteam%3Dx%26team%3Dy")
        assert (await client.get("/v1/sequences")).status_code == 401


async def test_a_token_sees_only_its_account(served: Served) -> None:
    _, secret = served.tokens.create("other", [Scope.READ], "test", "2026-01-01T00:00:00Z")
    async with served.client(Authorization=f"Bearer {secret}") as client:
        found = await page(client, "/sequences")
        assert [row[0] for row in found.one("table").rows()] == ["s-1", "s-2"]
        assert "/performance/spring-outreach" not in [link["href"] for link in found.all("a")]
        await page(client, "/performance/spring-outreach", 404)


async def test_another_name_of_this_machine_is_refused_in_the_frame(client: AsyncClient) -> None:
    answer = await client.get("/sequences", headers={"Host": "evil.example"})
    assert answer.status_code == 403
    assert "127.0.0.1" in checked(answer).one("main").text


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/sequences?sort=beauty", "sort"),
        ("/sequences?page=0", "page"),
        ("/sequences?team=x", "team"),
        ("/performance/spring-outreach?enrolled_from=yesterday", "enrolled_from"),
        ("/performance/spring-outreach?opens=some", "opens"),
        ("/performance/spring-outreach?interval=year", "interval"),
        ("/performance/spring-outreach?time_zone=Mars", "time_zone"),
        ("/performance/spring-outreach?sequence=winter", "sequence"),
        ("/performance/spring-outreach?<script>=1", "<script>"),
    ],
)
async def test_a_wrong_parameter_is_named(client: AsyncClient, path: str, named: str) -> None:
    found = await page(client, path, 400)
    assert found.one("main").text.partition(" ")[0]
    assert f"{named}: " in found.one("main").text
    assert path.partition("?")[0] in [link["href"] for link in found.one("main").all("a")]


async def test_what_is_not_there_is_said_in_the_frame_to_people_only(client: AsyncClient) -> None:
    assert "no event has named the sequence 'nobody'" in (await page(client, "/performance/nobody", 404)).one("main").text.lower()
    assert (await page(client, "/nowhere", 404)).one("h1").text == "There is nothing here"
    for path, accept in (("/nowhere", "application/json"), ("/v1/nowhere", "text/html")):
        answer = await client.get(path, headers={"Accept": accept})
        assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_redis_that_is_away_is_waited_for(served: Served) -> None:
    class Away(MemoryStore):
        def read(self, *_: object) -> list[object]:
            raise StoreUnavailable("away")

    served.reader = Reader(Away())
    async with served.client() as client:
        answer = await client.get("/sequences")
        main = checked(answer).one("main")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert "data-again" in main.attributes
        assert "cannot be read just now" in main.text


async def test_what_takes_too_long_is_said_in_the_frame(served: Served) -> None:
    served.settings = WebSettings(web_timeout=3)
    store = MemoryStore()

    class Slow(MemoryStore):
        def read(self, questions: Sequence[Question]) -> list[Any]:
            sleep(3.5)
            return store.read(questions)

    served.reader = Reader(Slow())
    async with served.client() as client:
        answer = await client.get("/sequences")
    main = checked(answer).one("main")
    assert (answer.status_code, answer.headers["Retry-After"], "data-again" in main.attributes) == (503, "1", True)
    assert "It took too long" in main.text


async def test_who_may_not_read_does_not_follow_the_numbers(served: Served) -> None:
    for scopes, follows in (([Scope.READ, Scope.OPERATE], True), ([Scope.OPERATE], False)):
        _, secret = served.tokens.create("default", scopes, "test", "2026-01-01T00:00:00Z")
        async with served.client(Authorization=f"Bearer {secret}") as client:
            found = await page(client, "/system")
        assert ("data-follow" in found.one("body").attributes) is follows
        assert "data-again" in found.one("main").attributes


async def test_a_page_says_its_zone_and_up_to_where_it_is_told(client: AsyncClient) -> None:
    body = (await page(client, "/sequences?time_zone=Asia/Tokyo")).one("body")
    assert body["data-zone"] == "Asia/Tokyo"
    assert Versions.read(body["data-since"]) == Versions.of(Reader(company()[0]).read("default"))


async def test_that_the_numbers_stand_still_is_a_warning(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standstill, "PATIENCE", -1)

    def away() -> Ends:
        raise LogError("away")

    for ends, said, warned in (
        (served.ends, "up to date", False),
        (lambda: {("email-events", 0): 10**9}, "still to come, and none is being counted", True),
        (away, "how many are still to come is unknown", True),
    ):
        served.ends = ends
        async with served.client() as client:
            (found,) = (await page(client, "/sequences")).all("p", class_="as-of")
        assert said in found.text
        assert [one.text.endswith(said) for one in found.all("strong", class_="warn")] == [True] * warned


@pytest.mark.parametrize(
    ("lag", "ago", "still"), [(0, 60_000, False), (None, 60_000, False), (3, 1_000, False), (3, 60_000, True), (3, None, True)]
)
def test_numbers_stand_still_when_events_wait_and_nothing_was_counted_for_a_while(lag: int | None, ago: int | None, still: bool) -> None:
    time = None if ago is None else format_time(now() - ago)
    assert standstill.is_one(AsOf(generation=1, applied=5, lag=lag, time=time)) is still


async def test_who_has_the_page_already_does_not_get_it_again(client: AsyncClient) -> None:
    for path in ("/sequences", "/performance/spring-outreach?team=team-north"):
        first = await client.get(path)
        assert first.headers["Cache-Control"] == "private, no-cache"
        again = await client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_static_files_stay_the_same_under_their_address(client: AsyncClient) -> None:
    found = await page(client, "/performance/spring-outreach")
    addresses = [
        element.attributes.get("src") or element["href"] for element in found.all("head")[0].walk() if element.tag in ("script", "link")
    ]
    assert addresses
    for address in addresses:
        zipped = await client.get(address, headers={"Accept-Encoding": "gzip"})
        plain = await client.get(address, headers={"Accept-Encoding": "identity"})
        assert zipped.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in plain.headers
        assert zipped.content == plain.content
        assert "immutable" in plain.headers["Cache-Control"]
        assert address.rpartition("/")[0].startswith("/static/")
    base = addresses[0].rpartition("/")[0]
    for name in ("nothing.css", "vendor/README.md", "../templates/base.html", "%2e%2e/site.py"):
        assert (await client.get(f"{base}/{name}")).status_code == 404
    for old in ("/static/0123456789abcdef/tally.css", "/static/"):
        assert (await client.get(old)).status_code == 404


def test_modules_import_what_is_there_and_the_pages_are_light() -> None:
    static = FOLDER / "static"
    for module in static.glob("*.js"):
        for name in re.findall(r'from "(.+?)"', module.read_text(encoding="utf-8")):
            assert name.startswith("./")
            assert (static / name).is_file(), f"{module.name} imports {name}"
    weight = sum(len(gzip.compress(path.read_bytes())) for path in static.rglob("*") if path.suffix in (".js", ".css", ".svg"))
    assert weight < 100_000


def test_what_is_from_elsewhere_brings_its_licence() -> None:
    for folder in (FOLDER / "static" / "vendor").iterdir():
        assert not folder.is_dir() or (folder / "LICENSE").is_file()
