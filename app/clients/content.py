"""What the file of one client may say. Unknown keys are refused; every value has its bounds here."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from app.clients.dialects import Dialect
from app.clinical.report_text.policy import ReportTextPolicy
from app.fhir.addresses import is_allowed

ID: Final = r"^[a-z][a-z0-9-]*$"
KEY: Final = r"^[A-Za-z][A-Za-z0-9_.-]*$"
MAP_FILE: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]*\.json$"
HOST: Final = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$"

PATTERNS: Final[Mapping[str, str]] = {
    ID: "must be small letters, digits and hyphens, a letter first",
    KEY: "must be a prefetch key: a letter, then letters, digits, dots, - or _",
    MAP_FILE: "must be the name of a .json file in the same folder",
    HOST: "must be a host name such as doi.org, in small letters, without scheme or path",
}
"""How each pattern is said to an author."""


def _listed(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _word(value: object) -> object:
    """YAML knows the word, not the enumeration; another word is told what there is by pydantic."""
    return ReportTextPolicy(value) if isinstance(value, str) and value in tuple(ReportTextPolicy) else value


def _dialect(value: object) -> object:
    return Dialect(value) if isinstance(value, str) and value in tuple(Dialect) else value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be an IANA time zone name such as Europe/Vienna") from None
    return value


def _base(value: str) -> str:
    # The check of a call itself: a base that could never match would be a silent hole in the list.
    if urlsplit(value).scheme != "https" or not is_allowed(value, (value,)):
        raise ValueError("must be an https FHIR base URL such as https://ehr.example.org/fhir/R4")
    return value.rstrip("/")


def _distinct(value: tuple[str, ...]) -> tuple[str, ...]:
    twice = next((each for place, each in enumerate(value) if each in value[:place]), None)
    if twice is not None:
        raise ValueError(f"{twice} is listed twice")
    return value


Hook = Literal[
    "patient-view", "order-select", "order-sign", "appointment-book", "encounter-discharge", "order-dispatch"
]
_Host = Annotated[str, StringConstraints(pattern=HOST)]
_Key = Annotated[str, StringConstraints(pattern=KEY)]
_Base = Annotated[str, AfterValidator(_base)]
_MapFile = Annotated[str, StringConstraints(pattern=MAP_FILE)]
_Many = BeforeValidator(_listed)
_Once = AfterValidator(_distinct)


class ClientFile(BaseModel):
    """One EHR installation: what it may be asked, what its codes mean, and what is decided for it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Annotated[
        str, StringConstraints(pattern=ID), Field(description="The file's name without .yaml. `default` must exist.")
    ]
    title: Annotated[str, StringConstraints(min_length=3, max_length=100), Field(description="How people call it.")]
    time_zone: Annotated[
        str,
        AfterValidator(_zone),
        Field(
            description="IANA name of the facility's time zone, such as Europe/Vienna: the calendar day of an instant."
        ),
    ]
    fhir_bases: Annotated[
        tuple[_Base, ...],
        _Many,
        _Once,
        Field(
            description="The https FHIR base URLs that may be asked for what a call lacks: scheme, host, port and path"
            " or a path below. Empty: none; in development (only this machine calls us, and no client lists a base)"
            " those on this machine."
        ),
    ] = ()
    fhir_budget_ms: Annotated[
        int, Field(ge=100, le=10_000, description="Milliseconds for all reading from the FHIR server in one call.")
    ] = 1200
    code_maps: Annotated[
        tuple[_MapFile, ...],
        _Many,
        _Once,
        Field(description="FHIR R4 ConceptMap files beside this one: what this EHR's local codes mean."),
    ] = ()
    dialect: Annotated[
        Dialect,
        BeforeValidator(_dialect),
        Field(
            description="How this EHR speaks CDS Hooks: which hooks it has, whether a suggestion may hold several"
            " actions, whether it may change what a call carried, and whose order codes it understands."
        ),
    ] = Dialect.BASELINE
    hooks: Annotated[
        Annotated[tuple[Hook, ...], Field(min_length=1), _Many, _Once] | None,
        Field(description="The hooks that are offered, one at least; without it, all that the dialect has."),
    ] = None
    order_codes: Annotated[
        _MapFile | None,
        Field(
            description="A FHIR R4 ConceptMap beside this file: our orders (urn:dvt-next-step:order) -> the codes they"
            " have in this EHR. An order without a code there is not offered as a draft. Without a file: the standard"
            " codes."
        ),
    ] = None
    link_hosts: Annotated[
        tuple[_Host, ...],
        _Many,
        _Once,
        Field(
            description="Hosts that cards may link to by https; doi.org: the sources of the advice. Empty: no links."
        ),
    ] = ()
    prefetch_aliases: Annotated[
        Mapping[_Key, _Key],
        Field(
            description="Our prefetch key -> the name under which this EHR sends it. What it sends under our key is"
            " then not read."
        ),
    ] = Field(default_factory=dict)
    report_text: Annotated[
        ReportTextPolicy,
        BeforeValidator(_word),
        Field(
            description="What the words of a report may do. off: they are not read. suggest: they count, and the card"
            " asks to confirm them. trust-for-scheduling: as suggest, but a repeat is dated without asking. Under none"
            " of them do words alone end imaging."
        ),
    ] = ReportTextPolicy.SUGGEST
    no_such_data: Annotated[
        tuple[_Key, ...],
        _Many,
        _Once,
        Field(
            description="Prefetch keys whose FHIR resource type this EHR does not have at all. A listed key that is not"
            " sent counts as sent with null: asked, nothing there."
        ),
    ] = ()
    settings: Annotated[
        Mapping[str, object],
        Field(description="Pathway parameters and policies of this client, within the bounds the pathway declares."),
    ] = Field(default_factory=dict)
