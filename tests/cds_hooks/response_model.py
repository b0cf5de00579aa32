"""What a CDS Hooks 2.0.1 answer may look like, written from conformance.md; imports nothing of what it judges."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

REVERSE_DOMAIN = re.compile(r"[a-z]+(\.[a-z0-9-]+){2,}")
RELATIVE_REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")


def _absolute(url: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+\S*", url):
        raise ValueError("not an absolute URL")
    return url


def _namespaced(extension: dict[str, Any]) -> dict[str, Any]:
    """EXT-01, EXT-02: an object whose members have globally unique names."""
    if not all(REVERSE_DOMAIN.fullmatch(name) for name in extension):
        raise ValueError("a member without a reverse-domain name")
    return extension


Text = Annotated[str, Field(min_length=1)]
Url = Annotated[str, AfterValidator(_absolute)]
Extension = Annotated[dict[str, Any], AfterValidator(_namespaced)]


class Wire(BaseModel):
    """Only members of 2.0.1; every type exact."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    extension: Extension | None = None


class Coding(Wire):
    """COD-01."""

    system: Text
    code: Text
    display: Text | None = None


class OverrideReason(Coding):
    """OVR-01."""

    display: Text


class Source(Wire):
    """SRC-01 to SRC-04."""

    label: Text
    url: Url | None = None
    icon: Url | None = None
    topic: Coding | None = None


class Action(Wire):
    """ACT-01 to ACT-05."""

    type: Literal["create", "update", "delete"]
    description: Text
    resource: dict[str, Any] | None = None
    resourceId: Text | None = None  # noqa: N815 -- the wire's name

    @model_validator(mode="after")
    def _brings_what_its_type_needs(self) -> Self:
        if self.type == "delete":
            fits = self.resource is None and RELATIVE_REFERENCE.fullmatch(self.resourceId or "")
        else:
            resource = self.resource or {}
            fits = self.resourceId is None and resource.get("resourceType") and resource.get("id")
        if not fits:
            raise ValueError("a resource with type and id for create and update, a Type/id for delete")
        return self


class Suggestion(Wire):
    """SUG-01 to SUG-04."""

    label: Text
    uuid: Text | None = None
    isRecommended: bool | None = None  # noqa: N815 -- the wire's name
    actions: Annotated[list[Action], Field(min_length=1)] | None = None


class Link(Wire):
    """LINK-01 to LINK-05."""

    label: Text
    url: Url
    type: Literal["absolute", "smart"]
    appContext: Text | None = None  # noqa: N815 -- the wire's name
    autolaunchable: bool | None = None

    @model_validator(mode="after")
    def _context_only_for_apps(self) -> Self:
        if self.appContext is not None and self.type != "smart":
            raise ValueError("appContext without smart")
        return self


class Card(Wire):
    """CARD-01 to CARD-12."""

    uuid: Text | None = None
    summary: Annotated[str, Field(min_length=1, max_length=139)]
    detail: Text | None = None
    indicator: Literal["info", "warning", "critical"]
    source: Source
    suggestions: Annotated[list[Suggestion], Field(min_length=1)] | None = None
    selectionBehavior: Literal["at-most-one", "any"] | None = None  # noqa: N815 -- the wire's name
    overrideReasons: Annotated[list[OverrideReason], Field(min_length=1)] | None = None  # noqa: N815 -- the wire's name
    links: Annotated[list[Link], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _says_how_to_select(self) -> Self:
        if self.suggestions and not self.selectionBehavior:
            raise ValueError("suggestions without selectionBehavior")  # CARD-08
        recommended = [each for each in self.suggestions or () if each.isRecommended]
        if len(recommended) > 1 and self.selectionBehavior != "any":
            raise ValueError("several recommended suggestions of which one may be taken")  # SUG-03
        return self


class CdsResponse(Wire):
    """RESP-01, SYS-01, and GEN-02 for every member at any depth."""

    cards: list[Card]
    systemActions: Annotated[list[Action], Field(min_length=1)] | None = None  # noqa: N815 -- the wire's name

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_empty(cls, sent: object) -> object:
        found = [place for place in empties(sent) if place != "/cards"]
        if found:
            raise ValueError(f"empty: {', '.join(found)}")
        return sent


def empties(value: object, place: str = "") -> Iterator[str]:
    """Where a JSON value is null, an empty text, list or object; numbers and booleans never are."""
    if value is None or value in ("", [], {}):
        yield place
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from empties(member, f"{place}/{name}")
