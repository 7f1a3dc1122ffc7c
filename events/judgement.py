"""The judgement on a record: an `Event`, or a `Refusal` that says what is wrong with it. The reference for every faster reader."""

from collections.abc import Mapping

from pydantic import ValidationError

from events.catalog import CATALOG, EventData
from events.envelope import read_envelope, show
from events.event import Event
from events.log.record import Headers
from events.refusal import Reason, Refusal
from events.rfc3339 import format_time

EARLIEST = 946_684_800_000
"""2000-01-01T00:00:00Z in milliseconds: the first time that an event may have."""

LEAD = 86_400_000
"""By how many milliseconds an event may be ahead of the stamp of the log."""


def judge(value: bytes | None, headers: Headers = (), *, topic: str | None = None, key: bytes | None = None, stamped_at: int) -> Event:
    """Read a record and check everything about it. Raises `Refusal` with the first fault in the order of `Reason`.

    `stamped_at` is when the log stamped the record, in milliseconds since 1970 UTC; a publisher gives its own clock. With neither topic
    nor key both go unchecked: whoever publishes derives them from the event.
    """
    attributes, content = read_envelope(value, headers)
    model = CATALOG.get(attributes.type)
    if model is None:
        raise Refusal(Reason.UNKNOWN_TYPE, f"type: no event type is named {show(attributes.type)}", field="type")
    data = _read_data(model, content)
    event = Event(account=attributes.account, source=attributes.source, id=attributes.id, time=attributes.time, data=data)
    if topic is not None and topic != event.topic:
        raise Refusal(Reason.WRONG_TOPIC, f"{event.type} belongs to the topic {event.topic}, not to {show(topic)}")
    if (topic is not None or key is not None) and key != event.key:
        raise Refusal(Reason.WRONG_KEY, f"the key should be {show(event.key.decode())}, not {_show_key(key)}")
    if event.time < EARLIEST:
        raise Refusal(Reason.TIME_OUT_OF_RANGE, "time: is before 2000-01-01", field="time")
    if event.time > stamped_at + LEAD:
        detail = f"time: is more than 24 hours after {format_time(stamped_at)}, when the record was written"
        raise Refusal(Reason.TIME_OUT_OF_RANGE, detail, field="time")
    return event


def _read_data(model: type[EventData], content: Mapping[str, object]) -> EventData:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        path = ["data", *map(str, fault["loc"])]
        if "field" in fault.get("ctx", {}):
            path.append(fault["ctx"]["field"])
        field = ".".join(path)
        raise Refusal(Reason.INVALID_DATA, f"{field}: {fault['msg']}", field=field) from None


def _show_key(key: bytes | None) -> str:
    return "absent" if key is None else show(key.decode(errors="backslashreplace"))
