"""What people have put together to look at again."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from events.catalog.base import EventData
from events.catalog.fields import Id
from events.topics import DASHBOARD


def lists_of(parameters: Any) -> Any:
    """Parameters in their one form, lists: a single text is a list of one, and null is absent. What is no object stays as it is."""
    if not isinstance(parameters, dict):
        return parameters
    return {name: [value] if isinstance(value, str) else value for name, value in parameters.items() if value is not None}


class DashboardData(EventData):
    """Data of an event that concerns a dashboard."""

    topic = DASHBOARD

    dashboard_id: Annotated[Id, Field(description="The dashboard, under an id that never changes.")]

    @property
    def key_id(self) -> None:
        return None


class DashboardCard(BaseModel):
    """A report as somebody wants to see it again."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    report: Annotated[Id, Field(description="The name of the report.")]
    parameters: (
        Annotated[
            dict[str, list[str]],
            BeforeValidator(lists_of, json_schema_input_type=dict[str, str | list[str] | None]),
            Field(description="Parameter -> its value, or a list of them. What the report is about is one too, such as `sequence_id`."),
        ]
        | None
    ) = None
    title: Annotated[str, Field(description="What people call the card; absent: what the report is called.")] | None = None


class DashboardSaved(DashboardData):
    """The dashboard was made or changed, and is this from now on. The latest save counts."""

    type = "dashboard.saved"

    name: Annotated[str, Field(description="What people call the dashboard.")]
    cards: Annotated[list[DashboardCard], Field(description="What it shows, from top to bottom.")]


class DashboardDeleted(DashboardData):
    """The dashboard is gone, until it is saved again later."""

    type = "dashboard.deleted"
