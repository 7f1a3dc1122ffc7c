"""Who has the answer already does not get it again, and who has an old one does."""

import asyncio

from httpx import AsyncClient

from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from tests.folding import Folding, log_of
from tests.stories import event, story
from tests.unit.web.conftest import SEQUENCE, Served


async def tag(client: AsyncClient, url: str, **headers: str) -> str:
    return str((await client.get(url, headers=headers)).headers["ETag"])


async def test_the_same_question_as_of_the_same_moment_is_answered_once(client: AsyncClient) -> None:
    first = await client.get("/v1/analyze?team=team-north")
    again = await client.get("/v1/analyze?team=team-north", headers={"If-None-Match": f'"other", {first.headers["ETag"]}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert (await client.get("/v1/analyze?team=team-north", headers={"If-None-Match": "*"})).status_code == 304
    assert (await client.get("/v1/analyze?team=team-north", headers={"If-None-Match": '"other"'})).status_code == 200


async def test_any_tag_is_had_only_of_what_is_there(client: AsyncClient) -> None:
    for name, status in ((SEQUENCE, 304), ("absent", 404)):
        answer = await client.get(f"/v1/sequences/{name}/performance", headers={"If-None-Match": "*"})
        assert answer.status_code == status


async def test_another_question_has_another_tag(client: AsyncClient) -> None:
    urls = ["/v1/analyze", "/v1/analyze?opens=all", "/v1/analyze?format=csv", "/v1/reports/opens", "/v1/sequences/spring-outreach/steps"]
    tags = {await tag(client, url) for url in urls}
    assert len(tags) == len(urls)
    assert await tag(client, "/v1/analyze") == await tag(client, "/v1/analyze", Accept="application/json")
    assert await tag(client, "/v1/analyze") == await tag(client, "/v1/analyze?format=json")


async def test_a_commit_and_a_lag_have_another_tag(served: Served) -> None:
    log = log_of([*story("ada"), event("email.opened", "10:00", contact_id="ada", message_id="m-9")])
    store, ends = MemoryStore(), {lane: len(records) for lane, records in log.items()}
    served.reader, served.ends = Reader(store), lambda: ends
    folding, tags = Folding(store), []
    async with served.client() as client:
        for (topic, partition), records in log.items():
            if records:
                await folding.feed(topic, partition, records)
                tags.append(await tag(client, "/v1/analyze"))
        assert await tag(client, "/v1/analyze") == tags[-1]
        ends = {lane: end + 1 for lane, end in ends.items()}
        await asyncio.sleep(0.3)  # the ends of the log are good for a while
        tags.append(await tag(client, "/v1/analyze"))
    assert len(set(tags)) == len(tags) > 3
