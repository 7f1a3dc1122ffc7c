"""A contact as bytes: msgpack of its struct, so that one call in C writes or reads the whole state."""

from collections.abc import Sequence
from typing import Final

import msgspec

from projections.contact import Contact

SharedMessage = list[tuple[int, int, int, list[int]]]
"""One message that several started enrollments share, an entry for each; see `tables.layout.SHARED_DOCUMENTATION`."""

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Contact)
_shared_decoder: Final = msgspec.msgpack.Decoder(list[SharedMessage])


def encode(contact: Contact) -> bytes:
    """The packed state, as it stands in the table `contacts`."""
    return _encoder.encode(contact)


def decode(packed: bytes) -> Contact:
    """The state again. Raises `msgspec.ValidationError` when the bytes were not written by `encode`."""
    return _decoder.decode(packed)


def encode_shared(messages: Sequence[SharedMessage]) -> bytes:
    """Shared messages, as `tables.layout.SHARED_DOCUMENTATION` draws them."""
    return _encoder.encode(messages)


def decode_shared(packed: bytes) -> list[SharedMessage]:
    return _shared_decoder.decode(packed)
