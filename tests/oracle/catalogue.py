"""Rule 15: what sequences, steps and people are called."""

from dataclasses import dataclass, field

from tests.oracle.resolve import History, of_type
from tests.oracle.times import milliseconds


@dataclass(frozen=True)
class Step:
    step_id: str
    order: int
    kind: str
    name: str


@dataclass(frozen=True)
class Sequence:
    """A sequence as its newest definition says; all None and no steps while there is none."""

    sequence_id: str
    name: str | None = None
    owner_id: str | None = None
    created_at: int | None = None
    archived: bool = False
    steps: tuple[Step, ...] = field(default=())

    def next_step(self, current: str | None) -> str | None:
        """Rule 13, for an enrollment that has not ended."""
        if current is None:
            later = list(self.steps)
        else:
            orders = [step.order for step in self.steps if step.step_id == current]
            later = [step for step in self.steps if orders and step.order > orders[0]]
        return min(later, key=lambda step: step.order).step_id if later else None


@dataclass(frozen=True)
class Profile:
    name: str | None = None
    email: str | None = None
    company_id: str | None = None
    company_name: str | None = None


def sequence(known: History, sequence_id: str) -> Sequence:
    own = [fact for fact in known.facts if fact.data.get("sequence_id") == sequence_id]
    archived = bool(of_type(own, "sequence.archived"))
    definitions = of_type(own, "sequence.defined")
    if not definitions:
        return Sequence(sequence_id, archived=archived)
    newest = max(definitions, key=lambda fact: (fact.data["version"], fact.order))
    given = newest.data.get("created_at")
    return Sequence(
        sequence_id,
        name=newest.data["name"],
        owner_id=newest.data.get("owner_id"),
        created_at=milliseconds(given) if given is not None else min(fact.time for fact in definitions),
        archived=archived,
        steps=tuple(Step(one["step_id"], one["order"], one["kind"], one["name"]) for one in newest.data["steps"]),
    )


def profile(known: History, contact_id: str) -> Profile:
    """The last record of the contact in the log, taken whole; an erased one is empty."""
    records = [fact for fact in known.profiles if fact.data["contact_id"] == contact_id]
    if not records or records[-1].type == "contact.erased":
        return Profile()
    said = records[-1].data
    return Profile(said.get("name"), said.get("email"), said.get("company_id"), said.get("company_name"))
