"""What each number means, in a sentence for those who look at it."""

from typing import Final

from projections.reports.parameters import Basis, Opens

_PEOPLE: Final = {
    "open": "with at least one opened e-mail, {machines}. Opens count whenever they happen, also after the end.",
    "click": "with at least one clicked link, {machines}. A click does not imply an open.",
    "reply": "with at least one reply while enrolled, or up to 24 hours after an end by a reply. Automatic replies never count.",
    "reply_to_sequence": "with at least one reply, at any time, to an e-mail of the sequence. Automatic replies never count.",
    "meeting": "with at least one meeting booked while enrolled. A meeting that is canceled later still counts.",
    "bounce": "with at least one bounced e-mail while enrolled, hard or soft, or an end by a bounce.",
    "unsubscribe": "with at least one unsubscription, at any time.",
    "complaint": "with at least one complaint about spam, at any time.",
    "engaged": "with an open, a click, a reply or a meeting, {machines}.",
}
_NO_RESPONSE: Final = {
    "contacts": "Contacts of whom an enrollment ended without any response, and who have neither replied nor met nor are still enrolled.",
    "enrollments": "Enrollments that ended without a reply, a meeting, an unsubscription, a complaint, a bounce, an error or a stop.",
}
_MESSAGES: Final = {
    "open": "Delivered messages that were opened, {machines}.",
    "click": "Delivered messages in which a link was clicked, {machines}.",
    "reply": "Delivered messages that were replied to. Automatic replies never count.",
    "reply_to_sequence": "Delivered messages that were replied to. Automatic replies never count.",
    "bounce": "Sent messages that bounced.",
    "unsubscribe": "Delivered messages by which somebody unsubscribed.",
    "complaint": "Delivered messages that somebody complained about.",
}
_MACHINES: Final = {"human": "those by machines such as scanners aside", "all": "by people or by machines such as scanners"}
_OF: Final = {"contacts": "Of all contacts that were enrolled.", "enrollments": "Of all enrollments that started."}

RATES: Final = {
    "open": "Open rate",
    "click": "Click rate",
    "reply": "Reply rate",
    "reply_to_sequence": "Reply to sequence",
    "meeting": "Meeting rate",
    "no_response": "No response",
    "bounce": "Bounce rate",
    "unsubscribe": "Unsubscribe rate",
    "complaint": "Complaint rate",
    "engaged": "Engaged",
}
OUTCOMES: Final = {
    "active": "Active",
    "paused": "Paused",
    "meeting": "Met",
    "replied": "Replied",
    "unsubscribed": "Unsubscribed",
    "complained": "Complained",
    "bounced": "Bounced",
    "errored": "Ended by an error",
    "company_stop": "Stopped by an answer of the company",
    "no_response": "No response",
}
OUTCOME_COLOURS: Final = {
    "active": "active",
    "paused": "paused",
    "meeting": "4",
    "replied": "2",
    "unsubscribed": "finished",
    "complained": "finished",
    "bounced": "errored",
    "errored": "errored",
    "company_stop": "finished",
    "no_response": "finished",
}
"""Outcome -> data-color: that of the same thing in the trend."""
TOTALS: Final = {
    "sent": "Sent",
    "delivered": "Delivered",
    "deferred": "Deferred",
    "dropped": "Dropped",
    "opens": "Opens",
    "clicks": "Clicks",
    "machine_opens": "Opens by machines",
    "machine_clicks": "Clicks by machines",
    "replies": "Replies",
    "auto_replies": "Automatic replies",
    "late_replies": "Late replies",
    "meetings": "Meetings",
    "meetings_canceled": "Meetings canceled",
    "bounces_hard": "Hard bounces",
    "bounces_soft": "Soft bounces",
    "unsubscribes": "Unsubscriptions",
    "complaints": "Complaints",
    "tasks_completed": "Tasks completed",
}
INTERVALS: Final = {"week": "Weeks", "day": "Days", "month": "Months"}
"""Of the trend; the first one is shown unless another is chosen."""

STARTED: Final = "Enrollments that started; each run of a contact through the sequence is one. Unique: each contact once."
DROP_OFF: Final = (
    "Contacts that came no further than this step, are not enrolled any more and neither replied nor met, of those that reached it."
)
REACHED: Final = "Contacts that executed this step or a later one."


def meaning(rate: str, basis: Basis, opens: Opens) -> str:
    """What a rate (one of RATES) is a share of."""
    if basis == "messages":
        return _MESSAGES.get(rate, "It is no number of messages.").format(machines=_MACHINES[opens])
    if rate == "no_response":
        return f"{_NO_RESPONSE[basis]} {_OF[basis]}"
    return f"{basis.capitalize()} {_PEOPLE[rate].format(machines=_MACHINES[opens])} {_OF[basis]}"
