"""Where the log is and how it is reached: settings from the environment, with the prefix `TALLY_`."""

from typing import Literal, Self

from pydantic import Field, FilePath, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class LogSettings(BaseSettings):
    """Settings of the log, each an environment variable: `log` is `TALLY_LOG` and so on. Times in seconds."""

    model_config = SettingsConfigDict(env_prefix="TALLY_", extra="ignore")

    log: str = Field(
        default="sqlite:///.tally/log.db",
        description="The log: sqlite:///PATH (sqlite:////ABSOLUTE/PATH), kafka://HOST:PORT[,HOST:PORT...] or kafka+embedded:///FOLDER",
    )
    partitions: int = Field(default=4, ge=1, le=256, description="Partitions of every topic; fixed once the topics are made")
    replication: int = Field(default=1, ge=1, description="Copies of every partition on the brokers, when the topics are made")
    kafka_timeout: float = Field(default=30.0, gt=0, description="Seconds without an answer after which the brokers count as away")
    kafka_compression: Literal["none", "gzip", "lz4", "snappy", "zstd"] = Field(
        default="none", description="Compression of what is published; all but gzip need the package of that codec"
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="How the brokers are spoken to"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(default=None, description="How to log in")
    kafka_sasl_username: str | None = Field(default=None, description="Who logs in")
    kafka_sasl_password: SecretStr | None = Field(default=None, description="The password of who logs in")
    kafka_ssl_cafile: FilePath | None = Field(default=None, description="The certificates to trust (PEM); None: those of the system")
    kafka_ssl_certfile: FilePath | None = Field(default=None, description="Our own certificate (PEM)")
    kafka_ssl_keyfile: FilePath | None = Field(default=None, description="The key of our own certificate (PEM)")
    kafka_ssl_password: SecretStr | None = Field(default=None, description="The password of that key")
    kafka_ssl_check_hostname: bool = Field(default=True, description="Whether a broker's certificate has to name its host")

    @model_validator(mode="after")
    def _sasl_is_complete(self) -> Self:
        if self.kafka_security_protocol.startswith("SASL"):
            names = ("kafka_sasl_mechanism", "kafka_sasl_username", "kafka_sasl_password")
            if missing := [f"TALLY_{name.upper()}" for name in names if getattr(self, name) is None]:
                raise ValueError(f"TALLY_KAFKA_SECURITY_PROTOCOL={self.kafka_security_protocol} needs {', '.join(missing)}")
        elif self.kafka_sasl_mechanism is not None:
            raise ValueError("TALLY_KAFKA_SASL_MECHANISM is set, but TALLY_KAFKA_SECURITY_PROTOCOL is neither SASL_SSL nor SASL_PLAINTEXT")
        return self

    @property
    def asked_partitions(self) -> int | None:
        """`partitions` where somebody has set it; None where the log's own number is as good."""
        return self.partitions if "partitions" in self.model_fields_set else None
