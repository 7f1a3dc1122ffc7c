"""Dead letters."""

from collections.abc import Mapping

from events.log.record import NewRecord
from events.quarantine.dead_letter import DeadLetter
from events.topics import QUARANTINE

LETTER = DeadLetter(
    topic="email-events",
    partition=3,
    offset=41,
    timestamp=1_772_000_000_000,
    key=b"default/c-1",
    value=b"\xff not json",
    headers=(("trace", b"abc"),),
    reason="not_json",
    detail="the value is not JSON:\n  invalid start byte",
)


def ours(record: NewRecord) -> Mapping[str, str]:
    return {name: value.decode() for name, value in record.headers if name.startswith("tally-")}


def test_the_original_stays_as_it_was() -> None:
    record = LETTER.to_record()
    assert (record.topic, record.key, record.value, record.headers[0]) == (QUARANTINE, LETTER.key, LETTER.value, ("trace", b"abc"))


def test_the_headers_say_what_was_wrong_and_where_it_stood() -> None:
    assert ours(LETTER.to_record()) == {
        "tally-id": "email-events/3/41",
        "tally-reason": "not_json",
        "tally-detail": "the value is not JSON: invalid start byte",
        "tally-topic": "email-events",
        "tally-partition": "3",
        "tally-offset": "41",
        "tally-timestamp": "1772000000000",
    }


def test_a_repetition_has_the_same_identity() -> None:
    again = LETTER._replace(detail="told in other words", timestamp=5)
    assert ours(again.to_record())["tally-id"] == ours(LETTER.to_record())["tally-id"]


def test_a_fault_of_our_own_comes_with_the_end_of_its_traceback() -> None:
    told = "line\n" * 10_000 + "ValueError: the end"
    headers = ours(LETTER._replace(reason="failed", traceback=told).to_record())
    assert (headers["tally-reason"], len(headers["tally-traceback"])) == ("failed", 8000)
    assert headers["tally-traceback"].endswith("ValueError: the end")


def test_a_detail_that_cannot_be_encoded_is_still_written() -> None:
    assert ours(LETTER._replace(detail="a lone \ud800").to_record())["tally-detail"] == "a lone \\ud800"
