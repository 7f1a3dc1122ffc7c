import json
from typing import Any

import pytest

from events.envelope import Attributes, read_envelope
from events.log.record import Headers
from events.refusal import Reason, Refusal

ATTRIBUTES = {"specversion": "1.0", "id": "ev-1", "source": "mailer", "type": "email.opened", "time": "2026-03-02T10:00:00.5Z"}
EVENT = ATTRIBUTES | {"data": {"contact_id": "c-1"}}
READ = Attributes("email.opened", "default", "mailer", "ev-1", 1_772_445_600_500), {"contact_id": "c-1"}
BINARY: Headers = tuple((f"ce_{name}", value.encode()) for name, value in ATTRIBUTES.items())
DATA = b'{"contact_id":"c-1"}'


def refusal(value: bytes | None, headers: Headers = ()) -> tuple[Reason, str | None]:
    with pytest.raises(Refusal) as caught:
        read_envelope(value, headers)
    assert "\n" not in caught.value.detail
    assert len(caught.value.detail) < 300
    return caught.value.reason, caught.value.field


def text(**changes: Any) -> bytes:
    return json.dumps(EVENT | changes).encode()


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("content-type", b"application/cloudevents+json"),),
        (("Content-Type", b"Application/CloudEvents+JSON; charset=UTF-8"),),
        (("content-type", b"application/json"), ("traceparent", b"00-1-2-01")),
        (("ce_id", b"other"), ("content-type", b"application/cloudevents+json")),
    ],
)
def test_the_structured_shape_is_read_with_and_without_a_content_type(headers: Headers) -> None:
    assert read_envelope(text(), headers) == READ


def test_the_binary_shape_is_read() -> None:
    assert read_envelope(DATA, BINARY) == READ
    assert read_envelope(DATA, (("content-type", b"application/json"), *BINARY)) == READ
    assert read_envelope(DATA, (*BINARY, ("ce_account", b"acme")))[0].account == "acme"


def test_of_two_headers_of_one_name_the_last_counts() -> None:
    assert read_envelope(DATA, (("ce_id", b"first"), *BINARY)) == READ


@pytest.mark.parametrize("account", ["default", "a", "A.b_c-9", "x" * 64])
def test_an_account_is_read(account: str) -> None:
    assert read_envelope(text(account=account))[0].account == account


def test_attributes_of_no_interest_are_ignored_whatever_they_are() -> None:
    assert read_envelope(text(account=None, datacontenttype=5, subject=[], dataschema={}, x="\x00", data_base64=1)) == READ


def test_a_header_that_kafka_gives_as_null_is_absent() -> None:
    null: Any = None
    assert read_envelope(text(), (("content-type", null), ("x", null))) == READ
    assert refusal(DATA, (*BINARY, ("ce_id", null))) == (Reason.NOT_AN_EVENT, "id")


NOT_STRINGS: tuple[Any, ...] = (None, "", 1, 1.0, True, [], {})
NOT_ACCOUNTS: tuple[Any, ...] = ("", "a b", "é", "x" * 65, "a/b", "a\n", "٣", 1, False, [], {})
NOT_OBJECTS: tuple[Any, ...] = (None, [], "x", 1, True, "{}")


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_a_required_attribute_is_a_string_and_there(name: str) -> None:
    for wrong in NOT_STRINGS:
        assert refusal(text(**{name: wrong})) == (Reason.NOT_AN_EVENT, name)
    assert refusal(json.dumps({key: value for key, value in EVENT.items() if key != name}).encode()) == (Reason.NOT_AN_EVENT, name)
    assert refusal(DATA, tuple(header for header in BINARY if header[0] != f"ce_{name}")) == (Reason.NOT_AN_EVENT, name)
    assert refusal(DATA, (*BINARY, (f"ce_{name}", b"\xff"))) == (Reason.NOT_AN_EVENT, name)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        *(("specversion", "1.1"), ("specversion", "1"), ("id", "x" * 129), ("source", "x" * 257)),
        *((name, f"a{control}b") for name in ("id", "source") for control in "\x00\n\x1f\x7f\x80\x9f"),
        *(("account", account) for account in NOT_ACCOUNTS),
        *(("time", time) for time in ("2026-03-02", "2026-03-02T10:00:00", "2026-03-02T10:00:60Z", "2026-03-02T10:00:00Z\n")),
        *(("data", data) for data in NOT_OBJECTS),
    ],
)
def test_a_wrong_attribute_is_named(name: str, wrong: object) -> None:
    assert refusal(text(**{name: wrong})) == (Reason.NOT_AN_EVENT, name)


@pytest.mark.parametrize("value", [b"[]", b"null", b"1", b'"x"', b"true", b"[{}]"])
def test_json_that_is_no_object_is_not_an_event(value: bytes) -> None:
    assert refusal(value) == (Reason.NOT_AN_EVENT, None)
    assert refusal(value, BINARY) == (Reason.NOT_AN_EVENT, None)


def test_lengths_are_counted_in_code_points() -> None:
    attributes, _ = read_envelope(text(id="\U0001f600" * 128, source="é" * 256))
    assert (len(attributes.id), len(attributes.source)) == (128, 256)


@pytest.mark.parametrize(
    "value",
    [
        *(None, b"", b" ", b"{", b"{}x", b"{'a':1}", b'{"a":1,}', b'{"a":NaN}', b'{"a":-Infinity}', b'{"a":01}', b'{"a":1.}', b"\x00"),
        *(b'{"a":"\n"}', b'{"a":"\\x"}', b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xc0\x80"}', '{"a":1}'.encode("utf-16")),
        b"\xef\xbb\xbf" + text(),
        text(x="\ud800"),
        text(x={"\udfff": 1}),
        b"[" * 251 + b"]" * 251,
        b"[" * 30_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'["' + b'\\"' * 30_000,
    ],
)
def test_what_is_not_json_is_refused(value: bytes | None) -> None:
    assert refusal(value) == (Reason.NOT_JSON, None)
    assert refusal(value, BINARY) == (Reason.NOT_JSON, None)


def test_odd_but_valid_json_is_read() -> None:
    deep: Any = 1
    for _ in range(249):
        deep = [deep]
    for extra in ({"x": 10**200}, {"x": 1e300}, {"x": deep}, {"x": "\U0001f600"}, {"x": "[" * 300}, {"x": "\\ud800"}, {"x": "\ufeff"}):
        assert read_envelope(text(**extra)) == READ
    assert read_envelope(text().replace(b'"id"', b'"n":' + b"9" * 5000 + b', "n":1e999, "id"')) == READ
    assert read_envelope(b" \r\n\t" + text() + b" \n") == READ


def test_of_two_members_of_one_name_the_last_counts() -> None:
    assert read_envelope(b'{"id":7,"type":"x","data":1,' + text()[1:]) == READ


def test_the_limit_of_size_is_65536_bytes_and_comes_first() -> None:
    assert read_envelope(text() + b" " * (65_536 - len(text()))) == READ
    assert refusal(b"\xff" * 65_537) == (Reason.TOO_LARGE, None)
    assert refusal(b"\xff" * 65_536) == (Reason.NOT_JSON, None)
