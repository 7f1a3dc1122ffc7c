"""What the OpenAPI description says is what the app does: schemathesis asks what it says can be asked, and what it says cannot.

Two of its rules do not hold everywhere. What is right by the description may be refused where the description cannot say what is right: two
dates may be in the wrong order, a cursor is one that was given out, and zones, cells, dimensions and cards are judged by what they name.
And in a URL everything is text, so that where a list of ids is expected, `null` is one of them. What is too many is often too large as
well, which is refused before it is read: 413, which schemathesis does not count as a refusal unless it is told.
"""

from functools import cache
from http import HTTPStatus
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from projections.reports import REPORTS
from tests.unit.web.conftest import Served
from web.live import PATH
from web.tokens import Scope, Tokens

EXAMPLES = 15
ACCEPTED = "positive_data_acceptance"
TYPES = "negative_data_rejection"
JUDGED = ("act", "save_dashboard", "publish")
"""Operations whose bodies are judged by what they name, so that one that is right by the description is refused as a rule."""
PARAMETERS = [parameter for report in REPORTS.values() for parameter in report.parameters]
UNTOLD = {"by"} | {parameter.name for parameter in PARAMETERS if parameter.kind == "text" and not parameter.choices}
"""What the description cannot tell: time zones, cursors, cells, what to sort by; dimensions, of which one may be a date."""
DATES = {"enrolled_from", "enrolled_to"}


@cache
def served() -> tuple[schemathesis.BaseSchema, dict[str, str]]:
    """The description of the app, and the headers of somebody who may do everything."""
    tokens = Tokens(Path(mkdtemp(prefix="tally-")) / "tokens.json")
    _, secret = tokens.create("default", list(Scope), "test", "2026-01-01T00:00:00Z")
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", Served(tokens).app())
    refusals = schema.config.checks.negative_data_rejection
    refusals.expected_statuses = [*refusals.expected_statuses, str(HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value)]
    return schema, {"Authorization": f"Bearer {secret}"}


def operations() -> dict[str, Any]:
    """Those that come to an end."""
    schema, _ = served()
    return {operation.label: operation for found in schema.get_all_operations() if (operation := found.ok()).path != PATH}  # type: ignore[union-attr]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", operations().values(), ids=operations().keys())
def test_the_app_does_what_it_says(operation: Any, mode: GenerationMode) -> None:
    _, headers = served()
    types = {TYPES} if operation.method == "get" else set()

    @given(data=st.data())
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    def ask(data: Any) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        if mode is GenerationMode.POSITIVE and case.query and data.draw(st.booleans()):
            # Such as it is right for sure.
            case.query = {name: value for name, value in case.query.items() if name not in UNTOLD | {"enrolled_to"}}
        names = types | (set() if is_right(case, operation) else {ACCEPTED})
        case.call_and_validate(headers=headers, excluded_checks=[check for check in CHECKS.get_all() if check.__name__ in names])

    ask()


def is_right(case: Any, operation: Any) -> bool:
    """Whether what is right by the description has to be accepted."""
    asked = set(case.query or ())
    return operation.definition.raw["operationId"] not in JUDGED and not asked & UNTOLD and not asked >= DATES
