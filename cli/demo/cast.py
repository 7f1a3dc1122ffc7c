"""The people of the simulated company: its users in their teams, and the contacts at other companies whom they write to."""

from dataclasses import dataclass
from random import Random
from typing import Any, Final

FIRST_NAMES: Final = (
    *("Ada", "Amir", "Anouk", "Bianca", "Bruno", "Chidi", "Clara", "Daan", "Dalia", "Diego", "Elif", "Emil", "Esra", "Farah", "Felix"),
    *("Freya", "Gita", "Hana", "Hugo", "Ines", "Ivo", "Jana", "Jonas", "Kaya", "Kofi", "Lara", "Leon", "Lin", "Maja", "Marco"),
    *("Mei", "Mila", "Nadia", "Nils", "Noor", "Olga", "Omar", "Pia", "Priya", "Rafael", "Rosa", "Samir", "Sofia", "Tariq", "Tomas"),
    *("Uma", "Vera", "Wanja", "Xenia", "Yara", "Yusuf", "Zoe"),
)
LAST_NAMES: Final = (
    *("Abe", "Almeida", "Bakker", "Baumann", "Castro", "Chen", "Costa", "Dahl", "Demir", "Dubois", "Eriksen", "Ferrari", "Fischer"),
    *("Garcia", "Haddad", "Hansen", "Ivanova", "Jansen", "Kaya", "Keller", "Kim", "Kowalski", "Larsen", "Lopez", "Mbeki", "Meyer"),
    *("Moreau", "Nakamura", "Novak", "Okafor", "Olsen", "Patel", "Petrov", "Rahman", "Rossi", "Santos", "Schmidt", "Silva", "Tanaka"),
    *("Toth", "Ueda", "Vargas", "Visser", "Weber", "Yilmaz", "Zhang"),
)
TRADES: Final = (
    "Foods",
    "Freight",
    "Glass",
    "Health",
    "Instruments",
    "Energy",
    "Mills",
    "Optics",
    "Paper",
    "Robotics",
    "Software",
    "Textiles",
)
PLACES: Final = (
    "Aare",
    "Baltic",
    "Cedar",
    "Delta",
    "Elbe",
    "Fjord",
    "Garonne",
    "Harbour",
    "Iris",
    "Juniper",
    "Kestrel",
    "Lagoon",
    "Meridian",
)
TEAMS: Final = (("team-north", 4), ("team-south", 4), ("team-enterprise", 3), ("team-success", 3))

CONTACTS_PER_COMPANY: Final = 4
"""On average; large companies have more."""


@dataclass(frozen=True, slots=True)
class User:
    """A person who sends; `user_id` is what `enrolled_by` and `organizer` name."""

    user_id: str
    team_id: str


@dataclass(frozen=True, slots=True)
class Company:
    """Where contacts work; `scanner`: its mail server opens every message before a person can."""

    company_id: str
    name: str
    domain: str
    scanner: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """A person who is written to. Most never open anything; `opens` and `clicks` say who does."""

    contact_id: str
    name: str
    email: str
    company: Company
    opens: bool
    clicks: bool

    def profile(self, *, company: Company | None = None) -> dict[str, Any]:
        """The data of a `contact.updated` event, at the company given or at the contact's own."""
        company = company or self.company
        return {
            "contact_id": self.contact_id,
            "name": self.name,
            "email": self.email,
            "company_id": company.company_id,
            "company_name": company.name,
        }


class Cast:
    """Brings users, companies and contacts into being; endless, and the same for the same random numbers.

    `mark` is part of the contacts' ids.
    """

    def __init__(self, random: Random, contacts: int, mark: str = "") -> None:
        self._random = random
        self._mark = mark
        self.users = [
            User(f"{first.lower()}.{last.lower()}", team)
            for (team, size), offset in zip(TEAMS, range(0, 40, 10), strict=True)
            for first, last in zip(FIRST_NAMES[offset : offset + size], LAST_NAMES[offset : offset + size], strict=True)
        ]
        self.companies = [self._company(number) for number in range(1, max(2, contacts // CONTACTS_PER_COMPANY) + 1)]
        self.contacts = 0

    def contact(self) -> Contact:
        """The next new contact."""
        random = self._random
        self.contacts += 1
        first = FIRST_NAMES[int(random.random() * len(FIRST_NAMES))]
        last = LAST_NAMES[int(random.random() * len(LAST_NAMES))]
        # The square gives a few companies many contacts and most of them one or two.
        company = self.companies[int(random.random() ** 2 * len(self.companies))]
        opens = random.random() < 0.46
        return Contact(
            contact_id=f"c-{self._mark}{self.contacts:06}",
            name=f"{first} {last}",
            email=f"{first}.{last}.{self.contacts}@{company.domain}".lower(),
            company=company,
            opens=opens,
            clicks=opens and random.random() < 0.16,
        )

    def _company(self, number: int) -> Company:
        place, trade = PLACES[number % len(PLACES)], TRADES[number // len(PLACES) % len(TRADES)]
        era = number // (len(PLACES) * len(TRADES))
        name = f"{place} {trade}{f' {era + 1}' if era else ''}"
        return Company(f"co-{number:05}", name, f"{name.replace(' ', '-').lower()}.example", self._random.random() < 0.16)
