"""The tag of a page, which is the same page zipped or not."""

import pytest
from httpx import AsyncClient


@pytest.mark.parametrize("path", ["/sequences", "/performance/spring-outreach?team=team-north"])
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_who_has_the_page_zipped_has_it_plain(client: AsyncClient, path: str, encoding: str) -> None:
    first = await client.get(path, headers={"Accept-Encoding": "gzip"})
    assert first.headers["Content-Encoding"] == "gzip"
    assert first.headers["ETag"].startswith('W/"')
    again = await client.get(path, headers={"Accept-Encoding": encoding, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert again.headers["Vary"] == first.headers["Vary"] == "Cookie, Authorization, Accept-Encoding"
