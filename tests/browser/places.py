"""Every page of the app, with an example of it. A page that is new is added here, and is then tested as all others are."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from tests.browser.history import COMPANY, CONTACT, HOSTILE, HOSTILE_SEQUENCE, SEQUENCE
from web.pages import links


class Place(NamedTuple):
    """A page: its route, an example, and one on which `names` are that are hostile."""

    route: str
    path: str
    hostile: str | None = None
    names: Sequence[str] = HOSTILE
    status: int = 200

    def __str__(self) -> str:
        return self.path.partition("?")[0] if self.route else "an error"


_NAME: Final = links.part(HOSTILE_SEQUENCE)
_STEPS: Final = "report=steps&sequence_id="
_BY: Final = "measure=started&measure=reply_rate&by="
PLACES: Final = (
    Place("/sequences", "/sequences", "/sequences"),
    Place("/performance/{sequence_id:path}", links.performance(SEQUENCE), links.performance(HOSTILE_SEQUENCE)),
    Place("/enrollments/{sequence_id:path}", links.enrollments(SEQUENCE, limit="10"), links.enrollments(HOSTILE_SEQUENCE)),
    Place("/analyze", "/analyze", f"/analyze?sequence={_NAME}"),
    Place("/reports", "/reports"),
    Place("/reports/custom", f"/reports/custom?{_BY}team", f"/reports/custom?{_BY}company&by=variant"),
    Place("/reports/{name}", "/reports/trend?interval=month", "/reports/sequences"),
    Place("/reports/{name}", "/reports/variants", f"/reports/variants?sequence={_NAME}"),
    Place("/reports/{name}", "/reports/leaderboard", "/reports/leaderboard"),
    Place("/contacts/{contact_id:path}", links.contact(CONTACT), links.contact(HOSTILE[6]), HOSTILE[6:7]),
    Place("/companies/{company_id:path}", links.company(COMPANY), links.company(HOSTILE[10]), HOSTILE[10:11]),
    Place("/dashboards", "/dashboards", "/dashboards", HOSTILE[:1]),
    Place("/dashboards/{dashboard_id:path}", links.dashboard("sales-floor"), links.dashboard(HOSTILE[0])),
    Place("/dashboards/add", f"/dashboards/add?{_STEPS}{SEQUENCE}", f"/dashboards/add?{_STEPS}{_NAME}"),
    Place("/system", "/system"),
    Place("/login", "/login"),
    Place("", "/sequences?sort=beauty", links.performance(HOSTILE[0] + HOSTILE[1]), [HOSTILE[0] + HOSTILE[1]], 400),
)
"""The last one is the page that says what is wrong."""
