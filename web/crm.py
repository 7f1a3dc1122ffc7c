"""Where the CRM shows the same people, companies and sequences: addresses by templates from the settings."""

from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

PLACE: Final = "{id}"
"""Where a template has the id."""


class Crm(NamedTuple):
    """The templates; None where there is none, and then no link either."""

    contact_url: str | None = None
    company_url: str | None = None
    sequence_url: str | None = None

    def contact(self, contact_id: str) -> str | None:
        return _filled(self.contact_url, contact_id)

    def company(self, company_id: str) -> str | None:
        return _filled(self.company_url, company_id)

    def sequence(self, sequence_id: str) -> str | None:
        return _filled(self.sequence_url, sequence_id)


def checked(template: str | None) -> str | None:
    """The template itself, None for an empty one. Raises ValueError for one of which no link can be made that leads where it says."""
    if not template:
        return None
    example = f"write an address such as https://crm.example/contacts/{PLACE}"
    try:
        parts = urlsplit(template)
        host = parts.hostname
    except ValueError:
        raise ValueError(f"{template!r} is no address; {example}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError(f"{template!r} does not begin with https:// or http:// and a host; {example}")
    if any(character.isspace() or not character.isprintable() or character in "\"'<>\\^`|" for character in template):
        raise ValueError(f"{template!r} has a character in it that no address has; percent-encode it")
    if PLACE in parts.netloc:
        raise ValueError(
            f"{template!r} has {PLACE} in the name of the host, where an event could lead people anywhere; put it behind the host"
        )
    if PLACE not in template or set("{}") & set(template.replace(PLACE, "")):
        raise ValueError(f"{template!r} needs {PLACE} where the id stands, and no other braces; {example}")
    return template


def _filled(template: str | None, name: str) -> str | None:
    """The id has nothing left in it that means something in an address."""
    return None if template is None else template.replace(PLACE, quote(name, safe=""))
