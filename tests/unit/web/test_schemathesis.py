"""What the OpenAPI description says is what the app does: schemathesis asks what it says can be asked, and what it says cannot."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from tests.unit.web.conftest import Served
from web.live import PATH
from web.tokens import Scope, Tokens

EXAMPLES = 15
ACROSS_PARAMETERS = "positive_data_acceptance"
"""A cursor, or two dates in the wrong order, are right by the description and refused all the same."""
TYPES = "negative_data_rejection"
"""In a URL everything is text: where a list of ids is expected, `null` is one of them."""


@cache
def served() -> tuple[schemathesis.BaseSchema, dict[str, str]]:
    """The description of the app, and the headers of somebody who may do everything."""
    tokens = Tokens(Path(mkdtemp(prefix="tally-")) / "tokens.json")
    _, secret = tokens.create("default", list(Scope), "test", "2026-01-01T00:00:00Z")
    return schemathesis.openapi.from_asgi("/v1/openapi.json", Served(tokens).app()), {"Authorization": f"Bearer {secret}"}


def operations() -> dict[str, Any]:
    """Those that come to an end."""
    schema, _ = served()
    return {operation.label: operation for found in schema.get_all_operations() if (operation := found.ok()).path != PATH}  # type: ignore[union-attr]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", operations().values(), ids=operations().keys())
def test_the_app_does_what_it_says(operation: Any, mode: GenerationMode) -> None:
    _, headers = served()
    names = {ACROSS_PARAMETERS, TYPES} if operation.method == "get" else {ACROSS_PARAMETERS}
    excluded = [check for check in CHECKS.get_all() if check.__name__ in names]

    @given(data=st.data())
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    def ask(data: Any) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        case.call_and_validate(headers=headers, excluded_checks=excluded)

    ask()
