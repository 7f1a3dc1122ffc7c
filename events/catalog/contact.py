"""Who a contact is. The only events that carry names and addresses."""

from typing import Annotated

from pydantic import Field

from events.catalog.base import ContactData
from events.catalog.fields import Id
from events.topics import CONTACT


class ContactUpdated(ContactData):
    """The contact's whole profile: what is absent here is empty from now on."""

    type = "contact.updated"
    topic = CONTACT

    name: Annotated[str, Field(description="The contact's name.")] | None = None
    email: Annotated[str, Field(description="The contact's e-mail address.")] | None = None
    company_id: Annotated[Id, Field(description="The contact's company now.")] | None = None
    company_name: Annotated[str, Field(description="That company's name.")] | None = None


class ContactErased(ContactData):
    """Everything personal about the contact is to be forgotten; the numbers stay."""

    type = "contact.erased"
    topic = CONTACT
