"""Golden histories: small hand-made histories with results that were worked out by hand.

One YAML file each: `title`, `rule` (as numbered in the page of meanings), `meaning` (the rule in words), `events`, `expect`.

Events are one-line maps. What is not an envelope word goes to `data` as it stands:
    at       "10:00", "10:00:30.500" on Monday 2026-03-02 UTC; "2026-03-04 10:00" on another day; or a whole RFC 3339 time
    type     the event's type
    E        CONTACT/SEQUENCE/ENROLLMENT   M  CONTACT/MESSAGE   (the E and M of the page; write contact_id alone where neither is named)
    id, source, account   default: ev-POSITION, mailer, none
    steps    of a definition: step ids, which get order 1, 2 ... and kind automated_email; or whole maps
    copy     an event id: that event once more, the very same            repeat  {times, seconds}: that many, so far apart;
             a # in an id is then the number of each, from 1

`expect` is a list of {report, with, gives}: a report's name, its parameters, and the part of its answer that matters.
    a map names some keys of a map; the rest is not looked at. `absent` says that a key is not there.
    a map against a list of rows picks rows by their id, month, start ... (ROW_IDS); a list against a list is of equal length, in order.
    "3/4" against a rate: its numerator, denominator, and a value of 3/4, or null for 0/0.
    a number with a fraction is right to six digits, so that it can be worked out on paper.
    names in `_at`, `time`, `before` and `after` take the times above.
Besides the reports of section 5 there are `statuses` ({enrollment_id: what section 2 says of it}) and `oddities` (waiting,
waiting_by_type, implicit_starts, second_ends, orphans).

To run them against anything: `for golden in golden_histories(): differences(golden, report)`, where `report(name, **parameters)`
answers for the events of `golden.events`; an empty list is a pass.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isclose
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
DAY = "2026-03-02"
ENVELOPE = ("at", "type", "E", "M", "id", "source", "account", "repeat")
ROW_IDS = ("enrollment_id", "sequence_id", "step_id", "month", "start", "measure", "variant", "enrolled_by", "from")
TIMES = ("time", "before", "after")
SHORT_TIME = re.compile(r"(?:(\d{4}-\d\d-\d\d) )?(\d\d:\d\d)(:\d\d(?:\.\d+)?)?")

ReportCall = Callable[..., Mapping[str, Any]]


@dataclass(frozen=True)
class Expectation:
    report: str
    parameters: Mapping[str, Any]
    gives: Any


@dataclass(frozen=True)
class Golden:
    name: str
    title: str
    rule: str
    events: list[dict[str, Any]]
    expect: list[Expectation]


def golden_histories() -> list[Golden]:
    return [load(path) for path in sorted(FOLDER.glob("*.yaml"))]


def load(path: Path) -> Golden:
    said = yaml.safe_load(path.read_text("utf-8"))
    unknown = set(said) - {"title", "rule", "meaning", "events", "expect"}
    if unknown:
        raise ValueError(f"{path.name}: unknown {sorted(unknown)}")
    expect = [Expectation(one["report"], one.get("with", {}), one["gives"]) for one in said["expect"]]
    return Golden(path.stem, said["title"], str(said["rule"]), list(_events(said["events"])), expect)


def instant(short: str) -> str:
    """The whole RFC 3339 time of a short one."""
    if not isinstance(short, str):
        raise ValueError(f"{short!r}: quote the time, else YAML reads a number")
    found = SHORT_TIME.fullmatch(short)
    if found is None:
        return short
    day, clock, seconds = found.groups()
    return f"{day or DAY}T{clock}{seconds or ':00'}Z"


def _events(lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for position, line in enumerate(lines, 1):
        if "copy" in line:
            yield made[line["copy"]]
            continue
        event = _event(line, position)
        repeat = line.get("repeat", {"times": 1, "seconds": 0})
        for number in range(repeat["times"]):
            one = event if number == 0 else _later(event, number, number * repeat["seconds"])
            one = _numbered(one, number + 1) if "repeat" in line else one
            if one["id"] in made and one["source"] == made[one["id"]]["source"] and "account" not in one:
                raise ValueError(f"id {one['id']}: given twice")
            made.setdefault(one["id"], one)
            yield one


def _event(line: dict[str, Any], position: int) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if "E" in line:
        data["contact_id"], data["sequence_id"], data["enrollment_id"] = line["E"].split("/")
    if "M" in line:
        data["contact_id"], data["message_id"] = line["M"].split("/")
    data |= {name: value for name, value in line.items() if name not in ENVELOPE}
    if "steps" in data:
        data["steps"] = [_step(one, order) for order, one in enumerate(data["steps"], 1)]
    for name in data:
        if name.endswith("_at"):
            data[name] = instant(data[name])
    event = {
        "specversion": "1.0",
        "id": line.get("id", f"ev-{position}"),
        "source": line.get("source", "mailer"),
        "type": line["type"],
        "time": instant(line["at"]),
        "data": data,
    }
    return event | ({"account": line["account"]} if "account" in line else {})


def _step(said: Any, order: int) -> dict[str, Any]:
    return {"step_id": said, "order": order, "kind": "automated_email", "name": f"Step {said}"} if isinstance(said, str) else dict(said)


def _later(event: dict[str, Any], number: int, seconds: int) -> dict[str, Any]:
    time = datetime.fromisoformat(event["time"]) + timedelta(seconds=seconds)
    return event | {"id": f"{event['id']}-{number}", "time": time.isoformat().replace("+00:00", "Z")}


def _numbered(event: dict[str, Any], number: int) -> dict[str, Any]:
    data = {name: value.replace("#", str(number)) if isinstance(value, str) else value for name, value in event["data"].items()}
    return event | {"data": data}


def differences(golden: Golden, report: ReportCall, without: Collection[str] = ()) -> list[str]:
    """One line for each place where the reports say something else; `without` names reports that are not asked for."""
    lines = []
    for one in golden.expect:
        if one.report not in without:
            call = f"{one.report}({', '.join(f'{name}={value!r}' for name, value in one.parameters.items())})"
            lines += [f"{golden.name}: {call}: {line}" for line in compare(one.gives, report(one.report, **one.parameters))]
    return lines


def compare(expected: Any, actual: Any, path: str = "") -> list[str]:
    if isinstance(expected, str) and isinstance(actual, Mapping) and "numerator" in actual:
        return _compare_rate(expected, actual, path)
    if isinstance(expected, Mapping) and isinstance(actual, list):
        return compare(expected, {_row_id(row): row for row in actual}, path)
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        return [
            line for name, value in expected.items() for line in _compare_key(name, value, actual, f"{path}.{name}" if path else str(name))
        ]
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return [f"{path}: {len(expected)} expected, {len(actual)} found: {actual!r}"]
        return [line for i, (one, other) in enumerate(zip(expected, actual, strict=True)) for line in compare(one, other, f"{path}[{i}]")]
    if isinstance(expected, float) and isinstance(actual, float) and isclose(expected, actual, rel_tol=1e-6, abs_tol=1e-9):
        return []
    if type(expected) is type(actual) and expected == actual:
        return []
    return [f"{path}: {expected!r} expected, {actual!r} found"]


def _compare_key(name: Any, expected: Any, actual: Mapping[Any, Any], path: str) -> list[str]:
    if expected == "absent":
        return [f"{path}: is there: {actual[name]!r}"] if name in actual else []
    if name not in actual:
        return [f"{path}: missing"]
    if isinstance(name, str) and (name.endswith("_at") or name in TIMES) and isinstance(expected, str):
        expected = instant(expected)
    return compare(expected, actual[name], path)


def _compare_rate(expected: str, actual: Mapping[str, Any], path: str) -> list[str]:
    numerator, denominator = (int(number) for number in expected.split("/"))
    value = numerator / denominator if denominator else None
    found = (actual["numerator"], actual["denominator"], actual["value"])
    return [] if found == (numerator, denominator, value) else [f"{path}: {expected} expected, {dict(actual)!r} found"]


def _row_id(row: Mapping[str, Any]) -> Any:
    return next(row[name] for name in ROW_IDS if name in row)
