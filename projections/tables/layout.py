"""The Redis tables of one generation: every key, drawn once.

All keys of a shard begin with `tally:{G.S}:` (generation G, shard S), so that one commit stays in one hash slot. P is a partition
number, A an account, Q a sequence id, T a step id, C a contact id, D a dashboard id, N a chunk number. Ids contain no control characters,
so byte 1F divides A from Q from T.

    table       key                     type    content
    ----------  ----------------------  ------  ---------------------------------------------------------------------------------
    progress    partition:P             hash    version; offset:TOPIC = next offset; stamp:TOPIC = ms, the log's stamp of the last record
                                                applied; events = how many were applied, repetitions too;
                                                contacts:A, names:A = how many are listed;
                                                rows:A␟Q = rows in use; committed_at = ms of the last commit;
                                                successor = the generation that has taken over, once one has
    contacts    contacts:P:A            hash    C -> the packed facts and profile of the contact (projections/codec.py)
                contact-ids:P:A         list    position -> C; a contact's position is its ordinal within (P, A)
                names:P:A               list    position i -> the id with code i + 1 within (P, A), whatever it is the id of
    rows        rows:P:N:A␟Q            string  ROW records of the enrollments N*CHUNK_ROWS ... of sequence Q, in order of allocation
                cells:P:N:A␟Q␟T         string  STEP_CELL records of step T, one for each row of the same chunk (missing tail = zeros)
                chunks:A                hash    P:N:Q -> version: rises whenever a row or a cell of the chunk changes
                shared:P:A              hash    C -> messages that several enrollments of the contact share (see SHARED below)
    counters    sequence:A␟Q            hash    COUNTERS of one sequence -> number
                account:A               hash    COUNTERS over all sequences, and ACCOUNT_COUNTERS -> number
                steps:A␟Q               hash    STEP_COUNTER:T -> number; and no_step:STATUS
    catalogue   sequences:A             hash    Q -> the newest definition, packed; empty for a sequence that is only named by other events
                dashboards:A            hash    D -> the latest save of dashboard D, packed, or that it was deleted
                quarantined             hash    REASON -> records set aside
    meta        tally:generations       hash    which generations there are, and which is active (projections/generations.py)

A zero counter is absent from the canonical dump; Redis may hold it as 0.
"""

from typing import Final

import numpy as np

from projections.meaning import FLAGS, MESSAGE_NUMBERS, OUTCOMES, SENTIMENTS, STATUSES, STEP_FACTS, TOTALS

CHUNK_ROWS: Final = 256
"""Small, because a chunk that is not full yet has slack behind it, and because a reader reads a whole chunk again when one row has
changed."""
SEPARATOR: Final = "\x1f"

ROW: Final = np.dtype(
    [
        ("contact", "<u4"),  # ordinal of the contact within (partition, account)
        ("flags", "<u2"),  # meaning.FLAGS
        ("status", "u1"),  # meaning.STATUSES
        ("reason", "u1"),  # meaning.REASONS
        ("outcome", "u1"),  # meaning.OUTCOMES; 255 unless started
        ("replied_after", "u1"),  # delays.bucket from the start to the first counted reply; 0 = none
        ("met_after", "u1"),  # likewise to the first counted meeting
        ("step", "<u4"),  # names code of the current step; 0 = none
        ("enrolled_by", "<u4"),  # names codes; 0 = null
        ("team", "<u4"),
        ("company", "<u4"),
        ("variant", "<u4"),
        ("started_at", "<i8"),  # ms since 1970 UTC; NO_TIME unless started
        ("ended_at", "<i8"),  # ms since 1970 UTC; NO_TIME unless ended
        ("last_engaged_at", "<i8"),  # ms since 1970 UTC; NO_TIME if never
        *((name, "<u2") for name in TOTALS),  # each stops at 65,535
        *((f"messages_{name}", "<u2") for name in MESSAGE_NUMBERS),  # distinct messages of this enrollment
        *((f"replies_{name}", "u1") for name in SENTIMENTS),  # of the total `replies`; each stops at 255
    ]
)
"""One enrollment. The format of `projections.contribution.ROW_PACKER` must be the same; a test holds them together."""

NO_TIME: Final = -(1 << 63)
NO_OUTCOME: Final = 255

STEP_CELL: Final = np.dtype(
    [
        ("facts", "<u2"),  # meaning.STEP_FACTS
        ("sent", "<u2"),  # distinct messages
        ("opened_after", "u1"),  # delays.bucket from the first send to the first human open credited to the step; 0 = none
        ("clicked_after", "u1"),
        ("replied_after", "u1"),
    ]
)
"""One step of one enrollment. All zero unless the enrollment is started."""

COUNTERS: Final = (
    *(f"status.{name}" for name in STATUSES),  # enrollments by status, not-started ones too
    *(f"outcome.{name}" for name in OUTCOMES),
    *(f"enrollments.{name}" for name in (*FLAGS, "engaged", "engaged_any")),
    *(f"contacts.{name}" for name in ("all", *FLAGS, "engaged", "engaged_any", "no_response")),  # distinct contacts
    *(f"total.{name}" for name in TOTALS),
    *(f"messages.{name}" for name in ("sent", "delivered", *MESSAGE_NUMBERS)),  # distinct (contact, message) within the scope
)
"""Fields of `sequence:` and `account:`. `contacts.all` = distinct contacts with a started enrollment."""

ACCOUNT_COUNTERS: Final = ("waiting", "anomaly.implicit_start", "anomaly.second_end")

STEP_COUNTERS: Final = (
    *(f"status.{name}" for name in STATUSES[3:]),  # started enrollments by current step
    *(f"contacts.{name}" for name in STEP_FACTS[:2]),  # executed, skipped: distinct contacts
    *(f"contacts.{name}" for name in STEP_FACTS[2:]),  # distinct contacts that executed the step AND have the fact, each in any enrollment
    "sent",  # distinct (contact, message) sent by the step; the cells count it once for each enrollment, `shared` tells which are the same
)
"""Parts of the field names of `steps:`, e.g. `contacts.opened:step-1`; a sequence's enrollments without a step: `no_step:active`."""

SHARED_DOCUMENTATION: Final = """
SHARED: msgpack list of messages, each a list of [sequence code, row number, bits of meaning.MESSAGE_FACTS, [codes of the steps by which
this enrollment sent it]], one entry for each started enrollment that the message concerns (only messages with two or more such entries
are listed). The rows count such a message once for each enrollment; a reader of basis messages takes, for each listed message, the
union of the bits over the entries in scope, and corrects the sum of the rows by it.
"""


def generation_prefix(generation: int) -> str:
    """The beginning of every key of a generation."""
    return f"tally:{{{generation}."


def shard_prefix(generation: int, shard: int) -> str:
    """The beginning of every key of a shard; the braces make it one hash slot."""
    return f"tally:{{{generation}.{shard}}}:"
