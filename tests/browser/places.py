"""Every page of the app, with an example of it. A page that is new is added here, and is then tested as all others are."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from tests.browser.history import HOSTILE, HOSTILE_SEQUENCE, SEQUENCE
from web.pages import links


class Place(NamedTuple):
    """A page: its route, an example, and one on which `names` are that are hostile."""

    route: str
    path: str
    hostile: str | None = None
    names: Sequence[str] = HOSTILE
    status: int = 200

    def __str__(self) -> str:
        return self.route or "an error"


_NAME: Final = links.part(HOSTILE_SEQUENCE)
PLACES: Final = (
    Place("/sequences", "/sequences", "/sequences"),
    Place("/performance/{sequence_id:path}", links.performance(SEQUENCE), links.performance(HOSTILE_SEQUENCE)),
    Place("/dashboards", "/dashboards", "/dashboards", HOSTILE[:1]),
    Place("/dashboards/{dashboard_id:path}", links.dashboard("sales-floor"), links.dashboard(HOSTILE[0])),
    Place("/dashboards/add", f"/dashboards/add?report=steps&sequence_id={SEQUENCE}", f"/dashboards/add?report=steps&sequence_id={_NAME}"),
    Place("/login", "/login"),
    Place("", "/sequences?sort=beauty", links.performance(HOSTILE[0] + HOSTILE[1]), [HOSTILE[0] + HOSTILE[1]], 400),
)
"""The last one is the page that says what is wrong."""
