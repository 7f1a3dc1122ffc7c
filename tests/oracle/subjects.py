"""What a report is about: a sequence or a contact that some event of the account has named."""

from tests.oracle.resolve import History, sequence_ids


class NotFound(LookupError):
    """A report's subject that no event has named."""


def check_sequence(known: History, sequence_id: str) -> None:
    if sequence_id not in sequence_ids(known):
        raise NotFound(f"sequence_id: no event has named {sequence_id!r}")


def check_contact(known: History, contact_id: str) -> None:
    if all(fact.data.get("contact_id") != contact_id for fact in known.facts):
        raise NotFound(f"contact_id: no event has named {contact_id!r}")
