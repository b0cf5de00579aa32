"""The environment, read once and frozen. Every setting is one line here: its name, default and allowed values.

A setting is an environment variable: `port` is DVT_PORT. What is wrong with them is said all at once, one line each.
"""

import os
import re
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.errors import AuthorError

PREFIX: Final = "DVT_"
REPOSITORY: Final = Path(__file__).resolve().parent.parent
ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
CLOCK_NEEDS_LOOPBACK: Final = (
    "DVT_CLOCK: a fixed date is honoured on a loopback DVT_HOST only (there is no authentication yet); use system"
)


MOVED: Final = {"time_zone": "time_zone", "fhir_allowed_bases": "fhir_bases", "fhir_budget_ms": "fhir_budget_ms"}
"""Settings of old that are now keys of each client's file."""


def _listed(value: object) -> object:
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path or parts.query or parts.fragment:
        raise ValueError("not an origin")
    return value


# What stands for this machine, for nobody or for many is never a FHIR server, whoever lists it.
_NEVER_LISTED: Final = tuple(
    map(ip_network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/127", "fe80::/10", "ff00::/8"))
)


def _network(value: str) -> str:
    network = ip_network(value)
    if any(network.version == never.version and network.overlaps(never) for never in _NEVER_LISTED):
        raise ValueError("not a network of servers")
    return value


def _clock(value: object) -> object:
    """A date only as YYYY-MM-DD: pydantic alone would also read 1700000000 as one."""
    if isinstance(value, str) and value not in {"request", "system"} and not ISO_DATE.fullmatch(value):
        raise ValueError("not a clock")
    return value


class Settings(BaseSettings):
    """What an operator may set. `description` is what an error line says is allowed."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    host: Annotated[str, Field(min_length=1, description="an address or a host name to listen on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="a port number from 0 (any free port) to 65535")] = 8000
    cors_origins: Annotated[
        tuple[Annotated[str, AfterValidator(_origin)], ...],
        NoDecode,
        BeforeValidator(_listed),
        Field(
            description="a comma-separated list of origins such as https://ehr.example.org; empty: any loopback origin"
        ),
    ] = ()
    pathways_dir: Annotated[Path, Field(description="a folder that holds <id>/pathway.yaml")] = REPOSITORY / "pathways"
    clients_dir: Annotated[
        Path, Field(description="a folder that holds <id>.yaml for each EHR, default.yaml among them")
    ] = REPOSITORY / "deploy" / "clients"
    clock: Annotated[
        Literal["request", "system"] | date,
        BeforeValidator(_clock),
        Field(
            description="request (a call may bring its own day, on loopback only), system, or a fixed day YYYY-MM-DD"
        ),
    ] = "request"
    unapproved_pathways: Annotated[
        Literal["marked", "silent"],
        Field(description="marked (cards say that they are a draft) or silent (no cards)"),
    ] = "marked"
    max_body_bytes: Annotated[
        int, Field(ge=1024, le=104_857_600, description="a size from 1024 to 104857600 bytes")
    ] = 5 * 1024 * 1024
    fhir_allowed_networks: Annotated[
        tuple[Annotated[str, AfterValidator(_network)], ...],
        NoDecode,
        BeforeValidator(_listed),
        Field(
            description="a comma-separated list of private networks such as 10.2.0.0/16 that a FHIR server may stand in"
            " (no loopback, link-local or multicast ones); empty: public addresses only"
        ),
    ] = ()

    @model_validator(mode="after")
    def _fixed_day_only_on_loopback(self) -> Self:
        """A service that other machines reach must not be frozen in time."""
        if isinstance(self.clock, date) and not self.on_loopback:
            raise ValueError(CLOCK_NEEDS_LOOPBACK)
        return self

    @property
    def on_loopback(self) -> bool:
        """True when only this machine can call us. A name other than localhost is not trusted to be loopback."""
        return is_loopback(self.host)

    @property
    def request_may_set_today(self) -> bool:
        """True when a CDS Hooks call may bring `org.dvt-next-step.today`."""
        return self.clock == "request" and self.on_loopback

    @property
    def fhir_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The listed private networks."""
        return tuple(ip_network(each) for each in self.fhir_allowed_networks)


class WrongSettings(ExceptionGroup[AuthorError]):
    """What is wrong with the settings, one AuthorError each: the setting and what is allowed."""


def is_loopback(host: str) -> bool:
    """Whether a host name or address (IPv6 also in brackets) is this machine, without asking DNS."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def read_settings(**given: object) -> Settings:
    """The settings; `given` (command line options) win over the environment.

    Raises WrongSettings.
    """
    wrong = [_unknown(name) for name in os.environ if _misspelt(name)]
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]  # validated by pydantic, that is the point
    except ValidationError as error:
        fields = dict.fromkeys(str(detail["loc"][0]) if detail["loc"] else "" for detail in error.errors())
        wrong += [_refused(field) for field in fields]
    else:
        if not wrong:
            return settings
    raise WrongSettings("settings", wrong)


def folders_only() -> Settings:
    """The two folders that the environment names and every other setting as if it named none: for looking at files
    although another setting is wrong.
    """
    names = ("pathways_dir", "clients_dir")
    named = {name: os.environ.get(f"{PREFIX}{name.upper()}") for name in names}
    folders: dict[str, Any] = {name: Path(value) for name, value in named.items() if value}
    return Settings.model_construct(**folders)


def _misspelt(name: str) -> bool:
    return name.startswith(PREFIX) and name.removeprefix(PREFIX).lower() not in Settings.model_fields


def _unknown(name: str) -> AuthorError:
    key = MOVED.get(name.removeprefix(PREFIX).lower())
    if key:
        return AuthorError(name, None, f"is now the key {key} of each file in DVT_CLIENTS_DIR; take it out here")
    allowed = ", ".join(PREFIX + field.upper() for field in Settings.model_fields)
    return AuthorError(name, None, f"no such setting; the settings are {allowed}")


def _refused(field: str) -> AuthorError:
    if not field:
        name, _, reason = CLOCK_NEEDS_LOOPBACK.partition(": ")
        return AuthorError(name, None, reason)
    return AuthorError(PREFIX + field.upper(), None, f"must be {Settings.model_fields[field].description}")
