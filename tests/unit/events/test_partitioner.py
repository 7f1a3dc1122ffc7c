import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2 as kafka_murmur2

from events.partitioner import murmur2, partition_for


@pytest.mark.parametrize(
    ("key", "signed_hash"),
    [
        # The vectors of Apache Kafka's own test of its murmur2.
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_gives_the_values_of_apache_kafka(key: bytes, signed_hash: int) -> None:
    assert murmur2(key) == signed_hash & 0xFFFFFFFF


@given(st.binary(max_size=70))
def test_murmur2_equals_the_one_of_kafka_python(data: bytes) -> None:
    assert murmur2(data) == kafka_murmur2(data)


@given(st.binary(max_size=40), st.integers(min_value=1, max_value=1000))
def test_the_partition_is_the_positive_hash_modulo_the_partitions(key: bytes, partitions: int) -> None:
    assert partition_for(key, partitions) == (kafka_murmur2(key) & 0x7FFFFFFF) % partitions


def test_a_record_without_a_key_goes_to_partition_0() -> None:
    assert [partition_for(None, partitions) for partitions in (1, 4, 7)] == [0, 0, 0]
