"""What a worker asks of a Redis before it trusts it."""

from collections.abc import Mapping

import pytest

from projections.tables.boot import check
from projections.tables.memory import MemoryStore
from projections.tables.store import StoreError


class Configured(MemoryStore):
    def __init__(self, **settings: str) -> None:
        super().__init__()
        self._settings = {name.replace("_", "-"): value for name, value in settings.items()}

    async def settings(self) -> Mapping[str, str]:
        return self._settings


async def test_a_server_as_it_should_be_passes_without_a_word() -> None:
    assert await check(Configured(maxmemory_policy="noeviction", appendonly="yes", hash_max_listpack_entries="128")) == []


async def test_a_server_that_evicts_keys_is_an_error_that_names_the_remedy() -> None:
    with pytest.raises(StoreError, match=r"allkeys-lru.*CONFIG SET maxmemory-policy noeviction"):
        await check(Configured(maxmemory_policy="allkeys-lru"))


async def test_a_server_without_append_only_file_is_a_warning() -> None:
    (warning,) = await check(Configured(appendonly="no"))
    assert "CONFIG SET appendonly yes" in warning


async def test_long_listpacks_are_a_warning() -> None:
    (warning,) = await check(Configured(hash_max_listpack_entries="100000"))
    assert "hash-max-listpack-entries 128" in warning


@pytest.mark.parametrize("server", ["valkey", "redis7"])
async def test_the_embedded_server_and_debians_answer_the_questions(request: pytest.FixtureRequest, server: str) -> None:
    from projections.tables.redis import RedisWritableStore

    store = RedisWritableStore(request.getfixturevalue(server))
    assert {"maxmemory-policy", "appendonly", "hash-max-listpack-entries"} == set(await store.settings())
    assert [warning for warning in await check(store) if "listpack" in warning] == []
    await store.aclose()


class Hosted(MemoryStore):
    async def settings(self) -> Mapping[str, str]:
        raise StoreError("unknown command CONFIG")


async def test_a_hosted_server_that_hides_its_configuration_is_a_warning() -> None:
    (warning,) = await check(Hosted())
    assert "unknown command CONFIG" in warning
