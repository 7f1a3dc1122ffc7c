"""The parts of Faust and aiokafka that the batched transport touches and that their makers have not promised to keep."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest
from aiokafka.consumer.fetcher import Fetcher
from faust.app.base import App
from faust.tables.manager import TableManager
from faust.transport import consumer as base
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import ConsumerMessage

PARAMETERS: list[tuple[Callable[..., Any], list[str]]] = [
    (base.Consumer.getmany, ["self", "timeout"]),
    (base.Consumer._getmany, ["self", "active_partitions", "timeout"]),
    (base.Consumer._wait_next_records, ["self", "timeout"]),
    (base.Consumer._to_message, ["self", "tp", "record"]),
    (base.Consumer._new_offset, ["self", "tp"]),
    (base.Consumer._commit, ["self", "offsets"]),
    (base.Consumer.seek, ["self", "partition", "offset"]),
    (base.Consumer.seek_to_committed, ["self"]),
    (base.Consumer.perform_seek, ["self"]),
    (base.Consumer._set_active_tps, ["self", "tps"]),
    (base.Consumer._get_active_partitions, ["self"]),
    (base.Consumer.on_partitions_revoked, ["self", "revoked"]),
    (base.Consumer.on_partitions_assigned, ["self", "assigned", "generation_id"]),
    (driver.Consumer._new_consumer_thread, ["self"]),
    (driver.Consumer.seek_wait, ["self", "partitions"]),
    (driver.AIOKafkaConsumerThread.__post_init__, ["self"]),
    (driver.AIOKafkaConsumerThread._seek_wait, ["self", "consumer", "partitions"]),
    (driver.AIOKafkaConsumerThread._fetch_records, ["self", "consumer", "active_partitions", "timeout", "max_records"]),
    (TableManager._update_channels, ["self"]),
    (App._create_directories, ["self"]),
]


def test_the_versions_are_those_that_were_read() -> None:
    assert (version("faust-streaming").split(".")[:2], version("aiokafka").split(".")[:2]) == (["0", "15"], ["0", "14"])


@pytest.mark.parametrize(("method", "parameters"), PARAMETERS, ids=lambda value: getattr(value, "__qualname__", None))
def test_what_is_overridden_or_called_takes_what_it_took(method: Callable[..., Any], parameters: list[str]) -> None:
    assert list(inspect.signature(method).parameters) == parameters


def test_a_message_is_made_of_what_it_was_made_of() -> None:
    wanted = {"topic", "partition", "offset", "timestamp", "timestamp_type", "headers", "key", "value", "checksum", "tp", "generation_id"}
    assert wanted <= set(inspect.signature(ConsumerMessage).parameters)


def test_the_consumer_keeps_the_books_that_are_replaced_or_cleared() -> None:
    kept = _assigned_attributes(base.Consumer.__init__) | _assigned_attributes(base.Consumer._reset_state)
    assert {"_acked", "_acked_index", "_read_offset", "_committed_offset", "_active_partitions", "_buffered_partitions"} <= kept


def test_the_drain_loop_takes_a_position_it_does_not_know_for_no_reason_to_drop() -> None:
    source = inspect.getsource(base.Consumer._drain_messages)
    assert "get_read_offset = self._read_offset.__getitem__" in source
    assert "if r_offset is None or offset >= r_offset:" in source
    assert "if gap > 1 and r_offset:" in source


def test_a_seek_of_the_driver_moves_before_it_first_awaits() -> None:
    body = _body(driver.AIOKafkaConsumerThread._seek_wait)
    seeks = [node.lineno for node in ast.walk(body) if isinstance(node, ast.Call) and ast.unparse(node.func) == "consumer.seek"]
    awaits = [node.lineno for node in ast.walk(body) if isinstance(node, ast.Await)]
    assert seeks
    assert max(seeks) < min(awaits)


def test_fetched_records_are_handed_out_without_an_await_after_they_were_taken() -> None:
    """In the loop that takes them nothing is awaited before they are returned, and nothing after that in the driver."""
    body = _body(Fetcher.fetched_records)
    taken = [node.lineno for node in ast.walk(body) if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".getall")]
    returned = [node.lineno for node in ast.walk(body) if isinstance(node, ast.Return) and ast.unparse(node) == "return drained"]
    awaits = [node.lineno for node in ast.walk(body) if isinstance(node, ast.Await)]
    assert len(taken) == 1
    assert not [line for line in awaits if taken[0] < line < max(returned)]
    fetch = _body(driver.AIOKafkaConsumerThread._fetch_records)
    assert [
        ast.unparse(node.value.func) for node in ast.walk(fetch) if isinstance(node, ast.Await) and isinstance(node.value, ast.Call)
    ] == ["fetcher.fetched_records"]


def test_faust_seeks_after_a_rebalance_and_only_through_the_stored_positions() -> None:
    assert "seek_to_committed()" in inspect.getsource(base.Consumer.perform_seek)
    from faust.tables.recovery import Recovery

    source = inspect.getsource(Recovery)
    assert source.count("perform_seek()") == 2
    assert source.index("resume_partitions") < source.index("perform_seek()") < source.index("resume_flow()")


def test_the_own_assignor_of_faust_is_used_while_there_are_standby_replicas() -> None:
    source = inspect.getsource(driver.AIOKafkaConsumerThread._create_worker_consumer)
    assert "self.app.conf.table_standby_replicas > 0" in source
    assert "RoundRobinPartitionAssignor" in source


def _body(function: Callable[..., Any]) -> ast.Module:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


def _assigned_attributes(function: Callable[..., Any]) -> set[str]:
    return {
        node.attr
        for node in ast.walk(_body(function))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"
    }
