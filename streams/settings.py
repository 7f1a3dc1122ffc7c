"""How a worker works: settings from the environment, with the prefix `TALLY_`."""

from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_BATCHES_IN_A_COMMIT: Final = 4


class WorkerSettings(BaseSettings):
    """Settings of a worker, each an environment variable: `max_batch` is `TALLY_MAX_BATCH` and so on. Times in seconds."""

    model_config = SettingsConfigDict(env_prefix="TALLY_", extra="ignore")

    group: str = Field(default="tally", pattern=r"^[A-Za-z0-9._-]{1,200}$", description="Consumer group in Kafka")
    worker_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._-]{1,200}$",
        description="A name of its own for each worker: restarted under it within the session timeout, it goes on without a rebalance",
    )
    max_batch: int = Field(
        default=20_000, ge=1, le=100_000, description="Records in one commit at most; a commit of many keeps readers of Redis waiting"
    )
    waiting_batches: int = Field(default=4, ge=1, description="Batches of each topic and partition held in memory while others are applied")
    fetch_bytes: int = Field(default=4 << 20, ge=1 << 16, description="Bytes fetched from one partition at once")
    session_timeout: float = Field(
        default=10.0, ge=1, le=60, description="Silence after which Kafka gives a worker's partitions to the others"
    )
    commit_interval: float = Field(
        default=2.8, gt=0, description="How often Kafka is told the offsets, for its display of the lag; the truth is in Redis"
    )
    progress_interval: float = Field(
        default=5.0, gt=0, description="How often a line tells of events/s, lag and the last commit, or what is waited for"
    )
    stuck_after: float = Field(
        default=30.0,
        ge=1,
        description="How long records may wait and none be applied, though log and Redis answer, until the worker ends to be started again",
    )
    stop_timeout: float = Field(default=3.0, gt=0, description="How long a stop waits for the batches in hand")
    attempts: int = Field(default=5, ge=1, description="How often in a row a partition may fail before the worker gives up")
    contacts_held: int = Field(default=50_000, ge=1, description="Contacts held in memory for each partition and account")
    failures_in_a_row: int = Field(default=100, ge=0, description="Records that may fail in our own code one after the other")
    failures_share: float = Field(default=0.1, ge=0, le=1, description="Share of the recent records that may fail in our own code")
    metrics_host: str = Field(default="127.0.0.1", description="Address at which the worker answers /metrics, /healthz and /readyz")
    metrics_port: int | None = Field(default=None, ge=0, le=65_535, description="Port of that address; 0: any that is free, unset: none")
    allow_gaps: bool = Field(
        default=False, description="Whether offsets may be missing in the log, as publishers that write in transactions cause it"
    )

    @property
    def batch_size(self) -> int:
        """Records that travel together: a part of what a commit takes, so that it has room for several topics."""
        return max(1, self.max_batch // _BATCHES_IN_A_COMMIT)

    @property
    def heartbeat_interval(self) -> float:
        """A third of the session timeout, as Kafka recommends; 3 s at most."""
        return min(3.0, self.session_timeout / 3)
