"""The advice on draft orders as JSON-like data, in the public vocabulary."""

from app.cards.machine_readable import recommendation_json
from app.clinical.ordering import DraftAdvice, OrderAdvice
from app.clinical.vocabulary import UNKNOWN
from app.pathway.decide import Step
from app.pathway.timing import Timing


def order_advice_json(advice: OrderAdvice) -> dict[str, object]:
    """Every piece of advice once, the leading one first, and what is said of each draft that concerns this service."""
    return {
        "recommendations": [recommendation_json(made) for made in advice.recommendations],
        "orders": [_order(each) for each in advice.drafts],
    }


def _order(advice: DraftAdvice) -> dict[str, object]:
    draft = advice.draft
    days = {"earliest": draft.day_earliest, "latest": draft.day_latest}
    said = {"side": draft.side, "extent": draft.extent, "contrast": draft.contrast}
    pathway = advice.decided.pathway
    return {
        "kind": draft.kind.value,
        "form": draft.form.value,
        **{name: value for name, value in said.items() if value != UNKNOWN},
        **{name: day.isoformat() for name, day in days.items() if day},
        "disposition": advice.disposition.value,
        "advised": _timing(advice.window),
        **({"replacement": advice.replacement} if advice.replacement else {}),
        "recommendations": [made.id for made in advice.recommendations],
        "trace": [_step(step, pathway.id) for step in advice.decided.decision.trace],
    }


def _timing(timing: Timing) -> dict[str, str]:
    days = {"earliest": timing.earliest, "latest": timing.latest}
    return {"kind": timing.kind.value} | {name: day.isoformat() for name, day in days.items() if day}


def _step(step: Step, pathway: str) -> dict[str, object]:
    return {"pathway": pathway, "stage": step.stage, "rule": step.rule, "because": step.because}
