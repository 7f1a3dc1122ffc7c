"""Why an event cannot be used: the closed list of reasons, and the error that carries one."""

from enum import StrEnum


class Reason(StrEnum):
    """The reasons, in the order in which they are named when an event has several faults."""

    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    NOT_AN_EVENT = "not_an_event"
    UNKNOWN_TYPE = "unknown_type"
    INVALID_DATA = "invalid_data"
    WRONG_TOPIC = "wrong_topic"
    WRONG_KEY = "wrong_key"
    TIME_OUT_OF_RANGE = "time_out_of_range"


class Refusal(Exception):
    """An event was judged unusable.

    `reason` is one of `Reason`; `detail` is one line for a person; `field` names the attribute or the path
    inside `data` that is at fault (`data.steps.0.order`), or is None where no single one is.
    """

    def __init__(self, reason: Reason, detail: str, field: str | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.field = field
