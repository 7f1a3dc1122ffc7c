"""The program with one law broken, and so what a fault test has to notice.

`./dev faults --mutants` runs each test that names mutants (`@notices`) once with each of them, and requires that it fails.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.faults.broken import Set, commits, logs, meaning, verifying, workers


@dataclass(frozen=True)
class Mutant:
    """One thing wrong. `apply` breaks it in this process."""

    law: str
    """What does not hold any more."""
    apply: Callable[[Set], None]


def notices(*names: str) -> pytest.MarkDecorator:
    """The test goes red under each of these mutants."""
    unknown = set(names) - MUTANTS.keys()
    assert not unknown, f"no mutants: {unknown}"
    return pytest.mark.notices(*names)


@contextmanager
def at_work(mutant: str | None) -> Iterator[None]:
    """What runs in this process meanwhile is the mutant; None: is the program."""
    with pytest.MonkeyPatch.context() as patch:
        if mutant is not None:
            MUTANTS[mutant].apply(patch.setattr)
        yield


MUTANTS: Mapping[str, Mutant] = {
    # what comes into Redis
    "fence-off": Mutant("a commit whose version or offset is not the one that was read is refused", commits.without_fence),
    "successor-ignored": Mutant("a generation that was taken over accepts no commit", commits.without_successor),
    "offsets-first": Mutant("states and offsets are one write", commits.offsets_first),
    "states-not-written": Mutant("counters and states are one write", commits.states_not_written),
    "types-not-checked": Mutant("a commit checks all that could fail before it writes", commits.types_not_checked),
    "nothing-checked": Mutant("a commit reads and checks before it writes", commits.nothing_checked),
    "written-again-blindly": Mutant("a commit of which nobody knows whether it was written is not repeated", commits.written_again_blindly),
    "lost-keys-ignored": Mutant("a partition that was lost is not taken for one that begins", commits.lost_keys_ignored),
    # where a worker reads on, and what it remembers
    "positions-remembered": Mutant("where to read on is asked of the store, and not remembered", workers.positions_remembered),
    "positions-of-kafka": Mutant("what Kafka was told of offsets is for display", workers.positions_of_kafka),
    "stale-cache-kept": Mutant("what is held of a partition is dropped when the store has moved on", workers.stale_cache_kept),
    "store-not-looked-at": Mutant("a worker notices that the store was emptied or set back", workers.store_not_looked_at),
    "topics-torn-apart": Mutant("equal partition numbers of all topics are read by one worker", workers.topics_torn_apart),
    # what it does when something goes wrong
    "error-skips-the-batch": Mutant("a batch that raised is read again", workers.error_skips_the_batch),
    "impatient": Mutant("what is away is waited for", workers.impatient),
    "never-gives-up": Mutant("what no waiting can mend ends the worker", workers.never_gives_up),
    "bad-record-stops-the-batch": Mutant("a bad record disturbs no other", workers.bad_record_stops_the_batch),
    "quarantine-after-commit": Mutant("a dead letter is durable before its batch is committed", workers.quarantine_after_commit),
    "poison-not-set-aside": Mutant("a record that our own code cannot take disturbs no other", workers.poison_not_set_aside),
    "failures-without-limit": Mutant("a program that fails on everything stops", workers.failures_without_limit),
    # when it ends
    "batches-in-hand-dropped": Mutant("a worker that is asked to end ends what it has in hand", workers.batches_in_hand_dropped),
    "farewell-without-end": Mutant("a worker that is asked to end ends, whoever is away", workers.farewell_without_end),
    "drain-ends-early": Mutant("a drain ends when all is applied that was in the log", workers.drain_ends_early),
    "drain-wants-records": Mutant("a drain ends where there is nothing to apply", workers.drain_wants_records),
    # what the log keeps, and which log it is
    "holes-ignored": Mutant("a hole in the log stops the worker", logs.holes_ignored),
    "another-log-taken": Mutant("a log is known again by the last record that was applied", logs.another_log_taken),
    "topics-not-checked": Mutant("a log of another shape is refused", logs.topics_not_checked),
    "absent-topics-are-empty": Mutant("a topic that is absent is not taken for an empty one", logs.absent_topics_are_empty),
    "acknowledged-too-early": Mutant("what is acknowledged is in the log", logs.acknowledged_too_early),
    "locked-is-an-error": Mutant("who writes waits for others who write", logs.locked_is_an_error),
    # what events mean
    "ties-by-arrival": Mutant("ties are decided by what the events say", meaning.ties_by_arrival),
    "identity-ignored": Mutant("a repetition is known by its identity", meaning.identity_ignored),
    "worker-clock-trusted": Mutant("no clock of a worker decides what an event means", meaning.worker_clock_trusted),
    "late-events-dropped": Mutant("no event comes too late", meaning.late_events_dropped),
    # whether anybody would notice
    "verify-without-partitions": Mutant("verify looks at every table of a partition", verifying.without_partitions),
    "verify-without-counters": Mutant("verify looks at every counter", verifying.without_counters),
}
