"""Kafka's default partitioner: which partition a key belongs to, the same for every producer and for both logs."""

from struct import unpack_from

_SEED = 0x9747B28C
_MULTIPLIER = 0x5BD1E995
_WORD = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """The 32 bit MurmurHash2 that Kafka's producers use, as an unsigned number."""
    length = len(data)
    words = length >> 2
    hashed = _SEED ^ length
    for word in unpack_from(f"<{words}I", data):
        word = word * _MULTIPLIER & _WORD
        word = (word ^ word >> 24) * _MULTIPLIER & _WORD
        hashed = hashed * _MULTIPLIER & _WORD ^ word
    if length & 3:
        hashed = (hashed ^ int.from_bytes(data[words << 2 :], "little")) * _MULTIPLIER & _WORD
    hashed = (hashed ^ hashed >> 13) * _MULTIPLIER & _WORD
    return hashed ^ hashed >> 15


def partition_for(key: bytes | None, partitions: int) -> int:
    """The partition, 0 to `partitions` - 1, of a record with this key.

    Kafka's producers scatter records without a key at random; here they go to partition 0, so that the same records always lie in the
    same place.
    """
    if key is None:
        return 0
    return (murmur2(key) & 0x7FFFFFFF) % partitions
