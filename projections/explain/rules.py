"""The rules of the numbers in words: why a flag is set, and what makes something count in a rate."""

from typing import Final

from projections.reports.parameters import Basis

FLAG_RULES: Final = {
    "opened": "6. at least one open by a human, at any time",
    "opened_any": "6. at least one open, by a human or a machine, at any time",
    "clicked": "6. at least one click by a human, at any time",
    "clicked_any": "6. at least one click, by a human or a machine, at any time",
    "replied": "7. at least one reply while enrolled, or ended with reason replied",
    "replied_to_sequence": "7. at least one reply to one of its messages, at any time, or ended with reason replied and a message_id",
    "met": "8. at least one meeting that counts was booked while enrolled, or ended with reason meeting_booked",
    "bounced": "9. a bounce of one of its messages while enrolled, or ended with reason bounced",
    "unsubscribed": "10. an unsubscription for it, at any time, or ended with reason unsubscribed",
    "complained": "10. a complaint for it, at any time, or ended with reason complained",
    "engaged": "11. opened, clicked, replied or met",
    "engaged_any": "11. opened or clicked, by a human or a machine, replied or met",
    "no_response": "12. ended, and no other outcome applies",
}
"""Flag or outcome -> when it is true of a started enrollment."""

NO_RESPONSE_OF_CONTACTS: Final = "12. an enrollment ended with outcome no_response, and none in scope is live, replied or met"

MESSAGE_RULES: Final = {
    "opened": "delivered, and opened by a human at any time",
    "opened_any": "delivered, and opened by a human or a machine at any time",
    "clicked": "delivered, and clicked by a human at any time",
    "clicked_any": "delivered, and clicked by a human or a machine at any time",
    "replied": "delivered, and replied to at any time",
    "bounced": "sent, and bounced at any time",
    "unsubscribed": "delivered, and unsubscribed from at any time",
    "complained": "delivered, and complained about at any time",
}
"""What is true of a message -> when it counts in basis messages."""

NOT_OF_MESSAGES: Final = "messages have no such rate"


def rule(name: str, basis: Basis) -> str:
    """When something counts in the numerator: `name` is a flag, or what is true of a message; "" for a rate that messages do not have."""
    if basis == "messages":
        return MESSAGE_RULES[name] if name else NOT_OF_MESSAGES
    return NO_RESPONSE_OF_CONTACTS if (name, basis) == ("no_response", "contacts") else FLAG_RULES[name]
