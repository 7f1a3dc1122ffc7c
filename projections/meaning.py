"""The vocabulary of the numbers: statuses, reasons, outcomes, flags and totals, with the codes they are stored under.

A code is a position in its tuple. Codes are stored in Redis, so a change here changes the code hash of the fold and asks for a rebuild.
"""

from typing import Final

STATUSES: Final = ("orphan", "scheduled", "canceled", "active", "paused", "finished", "unenrolled", "errored")
"""Of an enrollment. The first three are not started; active and paused are live."""

ORPHAN, SCHEDULED, CANCELED, ACTIVE, PAUSED, FINISHED, UNENROLLED, ERRORED = range(8)
FIRST_STARTED: Final = ACTIVE
"""Every status from this code on is one of a started enrollment."""

REASONS: Final = (
    "",
    "replied",
    "meeting_booked",
    "bounced",
    "unsubscribed",
    "complained",
    "manual",
    "company_reply",
    "company_meeting",
    "sequence_deleted",
    "user_removed",
    "contact_deleted",
    "error",
)
"""Why an enrollment was unenrolled; code 0 is no reason."""

REASON_CODES: Final = {reason: code for code, reason in enumerate(REASONS)}

OUTCOMES: Final = (
    "active",
    "paused",
    "meeting",
    "replied",
    "unsubscribed",
    "complained",
    "bounced",
    "errored",
    "company_stop",
    "no_response",
)
"""Of a started enrollment, exactly one."""

OUTCOME_CODES: Final = {outcome: code for code, outcome in enumerate(OUTCOMES)}

FLAGS: Final = (
    "opened",
    "opened_any",
    "clicked",
    "clicked_any",
    "replied",
    "replied_to_sequence",
    "met",
    "bounced",
    "unsubscribed",
    "complained",
)
"""What is true of a started enrollment; flag number i is bit 1 << i. `engaged` follows from four of them."""

OPENED, OPENED_ANY, CLICKED, CLICKED_ANY, REPLIED, REPLIED_TO_SEQUENCE, MET, BOUNCED, UNSUBSCRIBED, COMPLAINED = (1 << i for i in range(10))
ENGAGED: Final = OPENED | CLICKED | REPLIED | MET
ENGAGED_ANY: Final = OPENED_ANY | CLICKED_ANY | REPLIED | MET

TOTALS: Final = (
    "sent",
    "delivered",
    "deferred",
    "dropped",
    "opens",
    "clicks",
    "machine_opens",
    "machine_clicks",
    "replies",
    "auto_replies",
    "late_replies",
    "meetings",
    "meetings_canceled",
    "bounces_hard",
    "bounces_soft",
    "unsubscribes",
    "complaints",
    "tasks_completed",
)
"""The numbers that are counted for each started enrollment by itself and added up."""

SENTIMENTS: Final = ("positive", "neutral", "negative")
"""Of a reply; one that says none is `unknown`."""

MESSAGE_FACTS: Final = (
    "sent",
    "delivered",
    "opened",
    "opened_any",
    "clicked",
    "clicked_any",
    "replied",
    "bounced",
    "unsubscribed",
    "complained",
)
"""What is true of one message within one enrollment; fact number i is bit 1 << i (basis messages)."""

(
    MESSAGE_SENT,
    MESSAGE_DELIVERED,
    MESSAGE_OPENED,
    MESSAGE_OPENED_ANY,
    MESSAGE_CLICKED,
    MESSAGE_CLICKED_ANY,
    MESSAGE_REPLIED,
    MESSAGE_BOUNCED,
    MESSAGE_UNSUBSCRIBED,
    MESSAGE_COMPLAINED,
) = (1 << i for i in range(10))

MESSAGE_NUMBERS: Final = ("opened", "opened_any", "clicked", "clicked_any", "replied", "bounced", "unsubscribed", "complained")
"""Messages counted as numerators of basis messages: `bounced` among the sent ones, every other among the delivered ones.
The denominators are the totals `sent` and `delivered`."""

STEP_FACTS: Final = ("executed", "skipped", "opened", "opened_any", "clicked", "clicked_any", "replied", "met", "bounced")
"""What is true of one step within one started enrollment; fact number i is bit 1 << i."""

(
    STEP_EXECUTED,
    STEP_SKIPPED,
    STEP_OPENED,
    STEP_OPENED_ANY,
    STEP_CLICKED,
    STEP_CLICKED_ANY,
    STEP_REPLIED,
    STEP_MET,
    STEP_BOUNCED,
) = (1 << i for i in range(9))
