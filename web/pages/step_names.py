"""What the steps of sequences are called, for lists and stories that know them by their ids."""

from collections.abc import Iterable, Mapping
from typing import Final

from projections.reports.steps import Step, Steps
from web.pages.site import Visit

_MOST: Final = 20
"""Sequences whose steps are looked up for one page; of others the ids are shown."""

StepNames = Mapping[tuple[str, str], str]
"""(sequence id, step id) -> what people call the step."""


def names(found: Steps) -> dict[tuple[str, str], str]:
    """Those of one sequence."""
    return {(found.sequence_id, step.step_id): _name(step) for step in found.steps}


async def step_names(visit: Visit, sequences: Iterable[str]) -> StepNames:
    """Those of sequences that are known to exist. Raises `StoreError`, `Busy`."""
    wanted = list(dict.fromkeys(sequences))[:_MOST]
    found = await visit.answers(*(visit.ask("steps", sequence) for sequence in wanted)) if wanted else []
    return {key: name for one in found for key, name in names(one).items()}


def _name(step: Step) -> str:
    return f"{step.order}. {step.name}" if step.order and step.name else step.name or step.step_id
