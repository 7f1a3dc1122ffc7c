"""Where the enrollments behind a number of the steps of a sequence are listed."""

from typing import Final

from projections.reports.parameters import Given
from web.pages import links

_NAMED: Final = ("company", "enrolled_by", "team", "variant", "time_zone", "opens")
"""Parameters that enrollments which have not started obey as well."""


def in_status(sequence: str, given: Given, step: str | None, status: str) -> str | None:
    """Those in a status whose current step is this one (None: that have not reached any); no link where the filters leave none."""
    statuses = _narrowed(given, "status", status)
    steps = [] if step is None else _narrowed(given, "step", step)
    if not statuses or (step is not None and not steps):
        return None
    if step is None:
        return links.enrollments(sequence, given, status=statuses, cell="no_step", basis=None)
    return links.enrollments(sequence, given, status=statuses, step=steps, basis=None)


def cell(sequence: str, given: Given, kind: str, step: str) -> str:
    """Those behind one of the other numbers of a step: executed, skipped, or a rate."""
    return links.enrollments(sequence, given, cell=f"{kind}:{step}", basis=None)


def scheduled(sequence: str, given: Given) -> str:
    """Those that have not started yet."""
    return links.enrollments(sequence, {name: values for name, values in given.items() if name in _NAMED}, status="scheduled")


def _narrowed(given: Given, name: str, value: str) -> list[str]:
    """What is left of a filter where one of its values is asked for; a reason is a part of its status."""
    values = given.get(name, ())
    if not values:
        return [value]
    return [one for one in values if one == value or (name == "status" and one.partition(":")[0] == value)]
