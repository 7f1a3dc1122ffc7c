"""What the simulated company has thought out: its sequences, their steps, versions and fates, and what it likes to look at."""

from dataclasses import dataclass
from typing import Any, Final

EMAILS: Final = frozenset({"automated_email", "manual_email"})


@dataclass(frozen=True, slots=True)
class Step:
    """One touch; `wait` is in days since the step before."""

    step_id: str
    kind: str
    name: str
    wait: int


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of a sequence, in use from `since` on (a share of the history)."""

    version: int
    since: float
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """`share` of the new enrollments; `appeal` scales how much of its mail is opened; `archived` is a share of the history."""

    sequence_id: str
    name: str
    share: int
    appeal: float
    editions: tuple[Edition, ...]
    archived: float | None = None
    returning: bool = False

    def edition(self, elapsed: float) -> Edition:
        """The version in use after `elapsed` of the history."""
        return [edition for edition in self.editions if edition.since <= elapsed or edition.version == 1][-1]

    def definition(self, edition: Edition, owner_id: str) -> dict[str, Any]:
        """The data of the `sequence.defined` event of a version."""
        return {
            "sequence_id": self.sequence_id,
            "name": self.name,
            "version": edition.version,
            "owner_id": owner_id,
            "steps": [
                {"step_id": step.step_id, "order": order, "kind": step.kind, "name": step.name}
                for order, step in enumerate(edition.steps, 1)
            ],
        }


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Reports to look at again: (report, parameters) each; `deleted` is a share of the history."""

    dashboard_id: str
    name: str
    cards: tuple[tuple[str, dict[str, Any]], ...]
    deleted: float | None = None

    def data(self) -> dict[str, Any]:
        """The data of its `dashboard.saved` event."""
        cards = [{"report": report, "parameters": parameters} for report, parameters in self.cards]
        return {"dashboard_id": self.dashboard_id, "name": self.name, "cards": cards}


INTRODUCTION = Step("spring-intro", "automated_email", "Introduction", 0)
CONNECT = Step("spring-connect", "linkedin", "Connect on LinkedIn", 2)
FOLLOW_UP = Step("spring-follow-up", "automated_email", "Follow-up with numbers", 2)
CALL = Step("spring-call", "call", "First call", 3)
VIDEO = Step("spring-video", "manual_email", "Personal video", 3)
GOODBYE = Step("spring-goodbye", "automated_email", "Shall I close your file?", 5)

PLAYBOOK: Final = (
    Sequence(
        "spring-outreach",
        "Spring outreach",
        34,
        1.0,
        (
            Edition(1, 0.0, (INTRODUCTION, CONNECT, FOLLOW_UP, CALL, GOODBYE)),
            Edition(2, 0.55, (INTRODUCTION, FOLLOW_UP, CALL, VIDEO, GOODBYE)),
        ),
    ),
    Sequence(
        "trial-welcome",
        "Trial welcome",
        26,
        1.12,
        (
            Edition(
                1,
                0.0,
                (
                    Step("trial-hello", "automated_email", "Welcome aboard", 0),
                    Step("trial-first-project", "automated_email", "Your first project", 2),
                    Step("trial-check", "manual_email", "How is it going?", 3),
                    Step("trial-ends", "automated_email", "Your trial ends soon", 4),
                ),
            ),
        ),
    ),
    Sequence(
        "fair-follow-up",
        "Trade fair follow-up",
        14,
        1.05,
        (
            Edition(
                1,
                0.0,
                (
                    Step("fair-thanks", "automated_email", "Good to meet you", 0),
                    Step("fair-call", "call", "Call after the fair", 2),
                    Step("fair-offer", "automated_email", "The offer we spoke of", 3),
                ),
            ),
        ),
        archived=0.7,
    ),
    Sequence(
        "executive-introduction",
        "Executive introduction",
        12,
        0.85,
        (
            Edition(
                1,
                0.0,
                (
                    Step("exec-letter", "manual_email", "A letter from our founder", 0),
                    Step("exec-connect", "linkedin", "Connect on LinkedIn", 3),
                    Step("exec-note", "todo", "Send a handwritten note", 4),
                    Step("exec-recap", "manual_email", "One page, three figures", 4),
                ),
            ),
        ),
    ),
    Sequence(
        "renewal-check",
        "Renewal check-in",
        14,
        1.2,
        (
            Edition(
                1,
                0.0,
                (
                    Step("renewal-notice", "automated_email", "Your renewal", 0),
                    Step("renewal-call", "call", "Renewal call", 4),
                    Step("renewal-terms", "manual_email", "Your new terms", 3),
                    Step("renewal-reminder", "automated_email", "Reminder", 7),
                ),
            ),
        ),
    ),
    Sequence(
        "win-back",
        "Win-back",
        0,
        0.9,
        (
            Edition(
                1,
                0.0,
                (
                    Step("win-back-news", "automated_email", "What is new since we spoke", 0),
                    Step("win-back-story", "automated_email", "Why they came back", 4),
                    Step("win-back-call", "call", "A last call", 5),
                    Step("win-back-goodbye", "automated_email", "Goodbye for now", 4),
                ),
            ),
        ),
        returning=True,
    ),
)

DASHBOARDS: Final = (
    Dashboard(
        "sales-floor",
        "Sales floor",
        (
            ("analyze", {}),
            ("performance", {"sequence_id": "spring-outreach", "team": ["team-north", "team-south"]}),
            ("steps", {"sequence_id": "spring-outreach"}),
        ),
    ),
    Dashboard("first-try", "First try", (("sequences", {"sort": "opens"}),), deleted=0.1),
)
