"""What a sequence consists of."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from events.catalog.base import EventData
from events.catalog.fields import Id, Ordinal, SequenceId, StepId, StepKind, Timestamp
from events.topics import SEQUENCE


class SequenceData(EventData):
    """Data of an event that concerns a sequence as such."""

    topic = SEQUENCE

    sequence_id: SequenceId

    @property
    def key_id(self) -> str:
        return self.sequence_id


class SequenceStep(BaseModel):
    """One step of a definition."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    step_id: StepId
    order: Annotated[Ordinal, Field(description="Its place in the sequence, from 1; gaps are fine.")]
    kind: Annotated[StepKind, Field(description="What is done in this step.")]
    name: Annotated[str, Field(description="What people call it.")]


def _ids_and_orders_are_unique(steps: list[SequenceStep]) -> list[SequenceStep]:
    if len({step.step_id for step in steps}) < len(steps):
        raise PydanticCustomError("unique", "Two steps have the same step_id")
    if len({step.order for step in steps}) < len(steps):
        raise PydanticCustomError("unique", "Two steps have the same order")
    return steps


class SequenceDefined(SequenceData):
    """The sequence was made or changed. The definition with the highest version is the one in force."""

    type = "sequence.defined"

    name: Annotated[str, Field(description="What people call the sequence.")]
    version: Annotated[Ordinal, Field(description="Rises with every change.")]
    steps: Annotated[
        list[SequenceStep],
        AfterValidator(_ids_and_orders_are_unique),
        Field(description="All steps; no two have the same step_id or the same order."),
    ]
    created_at: Annotated[Timestamp, Field(description="When the sequence was first made.")] | None = None
    owner_id: Annotated[Id, Field(description="The user whose sequence it is.")] | None = None


class SequenceArchived(SequenceData):
    """The sequence was put away. Its numbers stay."""

    type = "sequence.archived"
