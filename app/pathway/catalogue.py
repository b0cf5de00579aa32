"""A pathway as JSON-like data: its entry in the list, and its whole content as the rows that run."""

from collections.abc import Mapping
from typing import Final

from app.pathway.content import Content, Parameter, Policy, Row
from app.pathway.load import Pathway

SENTENCES: Final = ("title", "question", "population")


def entry(pathway: Pathway) -> dict[str, object]:
    """What the list shows: identity, status, the question, and how much there is of everything."""
    return {
        "id": pathway.id,
        "version": pathway.version,
        "content_hash": pathway.content_hash,
        "status": "approved" if pathway.approved else "draft",
        **{name: getattr(pathway, name) for name in SENTENCES},
        **({"uses": pathway.uses} if pathway.uses else {}),
        **({"kind": "order-advice"} if pathway.advises_on_orders else {}),
        "counts": {
            "stages": len(pathway.stages),
            "rows": len(pathway.rows),
            "recommendations": len(pathway.recommendations),
            "facts": len(pathway.facts.facts),
            "parameters": len(pathway.parameters),
            "references": len(pathway.references),
            "project_choices": len(project_choices(pathway)),
        },
    }


def whole(pathway: Pathway) -> dict[str, object]:
    """Everything a pathway says, together with what it takes from the pathway it uses; defaults are left out."""
    return {
        **entry(pathway),
        "stages": [_plain(stage) for stage in pathway.stages],
        "parameters": _all_of(pathway.parameters),
        "policies": _all_of(pathway.policies),
        "findings": _all_of(pathway.declared_findings),
        "facts": _all_of(pathway.facts.facts),
        "dates": dict(pathway.facts.dates),
        "questions": [_plain(question) for question in pathway.questions],
        "queries": _all_of(pathway.queries),
        "reading": _all_of(pathway.facts.reading),
        "recommendations": _all_of(pathway.recommendations),
        "orders": _all_of(pathway.orders),
        "references": _all_of(pathway.references),
        "return_precautions": pathway.return_precautions,
        "scope_note": pathway.scope_note,
        "project_choices": project_choices(pathway),
    }


def project_choices(pathway: Pathway) -> list[str]:
    """The rows, parameters and policies that no published source decides: a clinician has to sign them."""
    named: dict[str, Row | Parameter | Policy] = {**pathway.rows, **pathway.parameters, **pathway.policies}
    return [name for name, each in named.items() if each.project_choice]


def _all_of(named: Mapping[str, Content]) -> dict[str, object]:
    return {name: _plain(each) for name, each in named.items()}


def _plain(content: Content) -> object:
    return content.model_dump(mode="json", exclude_defaults=True)
