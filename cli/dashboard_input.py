"""A dashboard as it is typed: cards as words of the command line, or the whole of it as a file of JSON."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cli.failure import WrongCall

if TYPE_CHECKING:
    from pydantic import BaseModel

    from events.catalog import DashboardCard, DashboardSaved

M = TypeVar("M", bound="BaseModel")

_STANDARD_INPUT: Final = "-"
_TITLE: Final = "title"


def read_card(text: str) -> "DashboardCard":
    """`REPORT NAME=VALUE ...` as a card; values with spaces are quoted as in a shell. Raises `WrongCall`."""
    from events.catalog import DashboardCard

    try:
        report, *words = shlex.split(text)
    except ValueError as error:
        raise WrongCall(f"--card: {text!r} is no card ({error}); write REPORT NAME=VALUE ...") from None
    parameters: dict[str, list[str]] = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign:
            raise WrongCall(f"--card: {word!r} is no parameter of {report}; write NAME=VALUE")
        parameters.setdefault(name.replace("-", "_"), []).append(value)
    title = parameters.pop(_TITLE, [None])[-1]
    return _validated(DashboardCard, {"report": report, "parameters": parameters, "title": title}, "--card")


def write_card(card: "DashboardCard") -> str:
    """The parameters of a card as `read_card` takes them, without its title."""
    return " ".join(shlex.quote(f"{name}={value}") for name, values in (card.parameters or {}).items() for value in values)


def read_file(file: str, dashboard_id: str) -> "DashboardSaved":
    """The dashboard in a file, `-` being standard input, under an id that need not be the one in the file. Raises `WrongCall`."""
    from events.catalog import DashboardSaved
    from events.json_text import read_json
    from events.refusal import Refusal

    try:
        document = read_json(sys.stdin.buffer.read() if file == _STANDARD_INPUT else Path(file).read_bytes())
    except OSError as error:
        raise WrongCall(f"--file: cannot read {file!r}: {error.strerror}") from error
    except Refusal as refusal:
        raise WrongCall(f"--file: {refusal.detail}") from refusal
    if not isinstance(document, dict):
        raise WrongCall('--file: is no JSON object; write {"name": ..., "cards": [...]}')
    return _validated(DashboardSaved, {**document, "dashboard_id": dashboard_id}, "--file")


def check_dashboard_id(dashboard_id: str) -> None:
    """Raises `WrongCall` for what can be no id."""
    from projections.reports import ParameterError
    from projections.reports.parameters import check_id

    try:
        check_id("DASHBOARD_ID", dashboard_id)
    except ParameterError as error:
        raise WrongCall(str(error)) from error


def check_cards(cards: "Sequence[DashboardCard]", option: str, account: str) -> None:
    """Raises `WrongCall` for the first card that asks what no report can answer; its place counts from 1."""
    from projections.dashboard_changes import wrong_card

    if (found := wrong_card(cards, account)) is not None:
        place, error = found
        raise WrongCall(f"{option}: card {place}: {error}") from error


def _validated(model: type[M], content: Mapping[str, Any], option: str) -> M:
    from pydantic import ValidationError

    try:
        return model.model_validate(content)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise WrongCall(f"{option}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
