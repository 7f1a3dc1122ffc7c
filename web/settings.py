"""How the numbers are told over HTTP: settings from the environment, with the prefix `TALLY_`."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from web.crm import Crm, checked

_Template = Annotated[str | None, AfterValidator(checked)]


class WebSettings(BaseSettings):
    """Settings of `tally web`, each an environment variable: `web_port` is `TALLY_WEB_PORT` and so on. Times in seconds."""

    model_config = SettingsConfigDict(env_prefix="TALLY_", extra="ignore")

    web_host: str = Field(default="127.0.0.1", description="Address to listen on; one that others can reach needs a token first")
    web_port: int = Field(default=8340, ge=0, le=65_535, description="Port of that address; 0: any that is free")
    tokens: Path = Field(
        default=Path(".tally/tokens.json"), description="File of the tokens; as long as there is none, who is on this machine may ask"
    )
    web_timeout: float = Field(
        default=30.0, gt=0, description="How long the head of a request may take to come, and after it the rest and the answer"
    )
    web_threads: int = Field(
        default=2, ge=1, le=64, description="Reports worked on at once, which share a core; others wait, and are refused if too many do"
    )
    web_bytes_in_flight: int = Field(
        default=32 << 20, ge=10 << 20, description="Bytes of events that may be on their way into the log; who brings more is told to wait"
    )
    web_connections: int = Field(default=2_000, ge=1, description="Connections at once; who comes then is told 503, to come again")
    web_live_clients: int = Field(
        default=1_000, ge=0, description="Clients that are told of changes at once; half as many of one account where there are several"
    )
    web_max_lag: int | None = Field(
        default=None, ge=0, description="Records behind the log from which on /readyz says no; unset: however many"
    )
    web_contact_url: _Template = Field(
        default=None, description="Where the CRM shows a contact, such as https://crm.example/contacts/{id}; unset: no links"
    )
    web_company_url: _Template = Field(default=None, description="Where the CRM shows a company, likewise with {id}")
    web_sequence_url: _Template = Field(default=None, description="Where the CRM shows a sequence, likewise with {id}")

    @property
    def crm(self) -> Crm:
        """The links that these settings make."""
        return Crm(self.web_contact_url, self.web_company_url, self.web_sequence_url)
