"""The page System tells operators what the command line tells them, and what does not answer."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from httpx import AsyncClient

from cli.health import Limits, examine
from events.log.port import Log, LogUnavailable
from events.log.record import Record
from projections.generation_list import generation_list
from projections.generations import FIRST, Generation, known, register
from projections.overview import overview
from projections.presence import Presence, publish
from projections.tables.store import StoreUnavailable, WritableStore
from tests.folding import PARTITIONS, STAMP
from tests.stories import story
from tests.unit.web.browser import browsing
from tests.unit.web.conftest import Served
from tests.unit.web.pages.markup import Element, page
from tests.unit.web.shop import Shop
from web.oversight import without_secrets
from web.pages import formats
from web.tokens import Scope

NOW = "2026-01-01T00:00:00Z"
HOSTILE = "<script>alert(1)</script>\"'&{{ 7 * 7 }}"


def bad(shop: Shop, partition: int, value: Any, account: str = "default") -> None:
    """Something that cannot be used, in the log."""
    records = shop.log.records["email-events", partition]
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    records.append(Record("email-events", partition, len(records), STAMP, f"{account}/c".encode(), content))


@pytest.fixture
async def shop(served: Served) -> Shop:
    """Two accounts, a worker, three records that could not be used, and one that waits."""
    shop = Shop(served, *story("ada"), *story("zoe", account="acme"))
    bad(shop, 0, {"specversion": "1.0", "type": HOSTILE, "source": "s", "id": "1", "time": NOW, "data": {}})
    bad(shop, 1, b"Dear Ada,")
    bad(shop, 2, {"specversion": "1.0", "type": "sms.sent", "source": "s", "id": "1", "time": NOW, "account": "acme", "data": {}}, "acme")
    generation = Generation(FIRST, PARTITIONS, 1, "0123456789abcdef", 1_772_000_000_000)
    await register(shop.store, generation)
    await shop.store.claim("tally:generations", "active", str(FIRST))
    await shop.apply(bad=True)
    at_work = Presence("vm-7", "vm", 7, FIRST, [0, 2], 41, 1_772_000_000_000, 1_772_000_100_500)
    await publish(shop.store, at_work, 60)
    shop.log.add(*story("bob"))
    return shop


@pytest.fixture
async def client(served: Served, shop: Shop) -> AsyncIterator[AsyncClient]:
    async with served.client() as client:
        yield client


async def status(served: Served, shop: Shop) -> dict[str, Any]:
    """What `tally status --json` prints."""
    found = overview(served.reader, shop.log, "default")
    told: dict[str, Any] = json.loads(json.dumps((await examine(shop.store, shop.log, found, Limits())).joined(found)))
    return told


def tile(found: Element, name: str) -> str:
    return found.one("div", id=f"tile-{name}").all("data")[0]["value"]


def rows(found: Element, title: str) -> list[list[str]]:
    """The rows of the first table of a section."""
    return found.one("section", aria_labelledby=f"{title}-title").all("table")[0].rows()


async def test_numbers_are_those_of_tally_status(served: Served, shop: Shop, client: AsyncClient) -> None:
    found, told = await page(client, "/system"), await status(served, shop)
    assert told["lag"] > 5
    for name, expected in (
        ("lag", told["lag"]),
        ("applied", told["applied"]),
        ("workers", len(told["workers"])),
        ("generation", told["generation"]),
        ("dead-letters", told["dead_letters"]["open"]),
    ):
        assert tile(found, name) == str(expected)
    assert f"of {formats.number(told['end'])} in the log" in found.one("div", id="tile-applied").text
    lanes = found.one("details", id="lanes").one("table").rows()
    assert [row[:5] for row in lanes] == [
        [one["topic"], str(one["partition"]), *(formats.number(one[name]) for name in ("applied", "end", "lag"))]
        for one in told["partitions"]
    ]
    progress = rows(found, "progress")
    for number in range(PARTITIONS):
        of_it = [one for one in told["partitions"] if one["partition"] == number]
        sums = [formats.number(sum(one[name] for one in of_it)) for name in ("applied", "end", "lag")]
        assert progress[number][:5] == [str(number), "vm-7" if number in (0, 2) else "nobody", *sums]
    (worker,) = told["workers"]
    times = [formats.moment(worker[name], "UTC") for name in ("started_at", "last_commit")]
    process = f"{worker['pid']} on {worker['host']}"
    assert rows(found, "workers") == [[worker["id"], process, str(worker["generation"]), "0, 2", str(worker["applied"]), *times]]
    open_ = told["dead_letters"]["open_reasons"]
    assert rows(found, "quarantine") == [[name, str(count), str(open_[name])] for name, count in told["quarantined"].items()]
    odd = [one.text for one in found.one("section", aria_labelledby="odd-title").all("dd")]
    assert odd == [str(told["waiting"]), str(told["orphan"]), *(str(number) for number in told["anomalies"].values())]
    said = found.one("div", id="state").text
    assert all(warning in said for warning in told["warnings"])
    assert told["code_hash"] == "0123456789abcdef"
    assert not told["this_code"]
    assert "another version of the fold" in said


async def test_generations_are_those_of_tally_generations(shop: Shop, client: AsyncClient) -> None:
    await register(shop.store, Generation(2, PARTITIONS, 1, "fedcba9876543210", 1_772_000_000_000))
    found = rows(await page(client, "/system"), "generations")
    told = await generation_list(shop.store, await known(shop.store), shop.log.ends(["email-events"]))
    assert [(row[0], row[1]) for row in found] == [("1", "active"), ("2", "building")] == [(str(one.generation), one.state) for one in told]
    assert [row[3].split()[0] for row in found] == [one.code_hash for one in told]
    assert [row[6] for row in found] == [formats.number(one.applied) for one in told]


async def test_dead_letters_are_text_whatever_they_are_and_come_with_the_command(shop: Shop, client: AsyncClient) -> None:
    found = await page(client, "/system")
    letters = found.one("table", class_="letters").rows()
    first = next(record for record in shop.log.records["email-events", 0] if HOSTILE[:20].encode() in (record.value or b""))
    assert f"email-events/0/{first.offset}" in {row[0] for row in letters}
    by_reason = {(row[2], row[4]): row for row in letters}
    assert set(by_reason) == {("unknown_type", "default"), ("not_json", "default"), ("unknown_type", "acme")}
    assert HOSTILE[:20] in by_reason["unknown_type", "default"][3]
    assert "&lt;script&gt;" in (await client.get("/system")).text
    assert f"tally quarantine redrive {letters[0][0]} --dry-run" in found.one("section", aria_labelledby="quarantine-title").text
    assert found.one("main").all("form") == [], "nothing is done here"


async def test_a_token_shows_the_dead_letters_of_its_account_alone(served: Served, shop: Shop) -> None:
    _, secret = served.tokens.create("acme", [Scope.OPERATE], "", NOW)
    async with browsing(served, secret) as browser:
        found = await page(browser.client, "/system")
        assert [(row[2], row[4]) for row in found.one("table", class_="letters").rows()] == [("unknown_type", "acme")]
        assert HOSTILE[:20] not in found.one("main").text
        assert tile(found, "dead-letters") == "3", "how many there are is no secret of an account"


async def test_a_token_shows_of_a_letter_whose_account_nobody_knows_that_it_is_there(served: Served, shop: Shop) -> None:
    bad(shop, 3, {"specversion": "1.0", "type": "of-somebody", "source": "s", "id": "9", "time": NOW, "account": 5, "data": {}}, "")
    await shop.apply(bad=True)
    _, secret = served.tokens.create("acme", [Scope.OPERATE], "", NOW)
    async with browsing(served, secret) as browser:
        answer = await page(browser.client, "/system")
        (row,) = [row for row in answer.one("table", class_="letters").rows() if row[4] == "–"]
        assert row[0].startswith("email-events/3/")
        assert row[2]
        assert row[3] == "told by tally quarantine show: whose record it is, it does not say"
        assert "of-somebody" not in answer.one("main").text


async def test_only_who_may_operate_sees_it(served: Served, shop: Shop) -> None:
    _, reader = served.tokens.create("default", [Scope.READ, Scope.PUBLISH, Scope.ACT], "", NOW)
    async with browsing(served, reader) as browser:
        answer = await browser.get("/system")
        assert (answer.status_code, "does not allow to operate" in answer.text) == (403, True)
        assert "vm-7" not in answer.text


async def test_a_log_that_is_away_does_not_hide_the_rest(served: Served, shop: Shop) -> None:
    def away() -> Log:
        raise LogUnavailable("brokers at kafka-1:9092 do not answer; start them")

    served.log = away
    served.ends = lambda: away().ends([])
    async with served.client() as client:
        found = await page(client, "/system")
    assert "brokers at kafka-1:9092 do not answer; start them" in found.one("div", id="state").text
    assert rows(found, "workers")[0][0] == "vm-7"
    assert rows(found, "generations")[0][7] == "–"
    assert not found.all("section", aria_labelledby="progress-title")


async def test_a_redis_that_is_away_is_said(served: Served, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> Any:
        raise StoreUnavailable("Redis at redis:6379 does not answer; start it")

    monkeypatch.setattr(shop.store, "read", gone)

    @asynccontextmanager
    async def opened() -> AsyncIterator[WritableStore]:
        gone()
        yield shop.store

    served._opened = opened  # type: ignore[method-assign]
    async with served.client() as client:
        found = await page(client, "/system")
    said = found.one("div", id="state")
    assert [one.text for one in said.all("li")] == ["Redis at redis:6379 does not answer; start it"]
    assert "sqlite:///log.db" in found.one("main").text


async def test_what_a_worker_could_not_go_on_with_is_said(shop: Shop, client: AsyncClient) -> None:
    await shop.store.change([("UNLINK", Generation(FIRST, PARTITIONS, 1, "", 0).progress_key(3))])
    said = (await page(client, "/system")).one("div", id="state")
    assert said.all("h2")[0].text == "Something is wrong"
    assert "of partition 3 nothing is there: Redis has lost keys" in said.text


async def test_an_installation_without_a_worker_says_what_to_do(served: Served) -> None:
    shop = Shop(served)
    shop.log.add(*story("ada"))
    async with served.client() as client:
        found = await page(client, "/system")
        assert "no worker is running: start one (tally worker)" in found.one("div", id="state").text
        assert "the first worker makes one" in found.one("main").text
        await shop.apply()
        assert found.one("div", id="state").all("h2")[0].text == "This deserves a look"
        assert (await page(client, "/system")).one("div", id="state").one("h2").text == "Nothing is wrong"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("redis://eva:secret@redis:6379/0", "redis://redis:6379/0"),
        ("rediss://:secret@redis:6379/0?password=secret", "rediss://redis:6379/0"),
        ("unix:///run/redis.sock?password=secret", "unix:///run/redis.sock"),
        ("redis://eva:s/ecret@redis:6379", "redis://redis:6379"),
        ("embedded:///.tally/redis", "embedded:///.tally/redis"),
        ("sqlite:////var/lib/a@b.db", "sqlite:////var/lib/a@b.db"),
        ("kafka://one:9092,two:9092", "kafka://one:9092,two:9092"),
    ],
)
def test_no_password_is_shown(address: str, shown: str) -> None:
    assert without_secrets(address) == shown
