"""Where the projection is kept and how it is read."""

from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class RedisSettings(BaseSettings):
    """Settings of everything that reads or writes the projection, from `TALLY_...` in the environment."""

    model_config = SettingsConfigDict(env_prefix="TALLY_", extra="ignore")

    redis: str = Field("embedded:///.tally/redis", description="embedded:///DIR for a server of its own, or redis://, rediss://, unix://")
    shards: int = Field(
        1, ge=1, le=256, description="Hash slots that a new generation is spread over: 1, or on a Redis Cluster up to one a partition"
    )
    timezone: str = Field("UTC", description="IANA name of the zone whose days and months reports use")
    account: str = Field("default", description="the account that reports and commands speak of", pattern=r"^[A-Za-z0-9._-]{1,64}$")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"{name!r} is no IANA time zone; write for example Europe/Berlin")
        return str(ZoneInfo(name))
