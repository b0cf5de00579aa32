"""What this service offers: one line per hook, and the queries whose answers it needs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.errors import AuthorError, CallerError
from app.pathway.content import RecordQuery
from app.pathway.load import Pathway

# DISC-10: the version of the specification whose members we send (3.0 adds this member, older clients ignore it).
SPECIFICATION_VERSION: Final = "2.0.1"


@dataclass(frozen=True, slots=True)
class Service:
    """One offered service. An id belongs to one hook only: some clients tell cards apart by id alone (DISC-12)."""

    id: str
    hook: str
    title: str
    description: str
    usage_requirements: str


_NEEDS: Final = (
    "FHIR R4. Needs the patient and the leg-vein ultrasound reports (prefetch keys 'patient' and 'reports'), as"
    " prefetch or by access to the FHIR server; every other key makes the advice more exact."
    " Answers with at most one card."
)
_SILENT: Final = "Orders are recognised by their codes alone; an order that fits, and any other order, gets no card."

SERVICES: Final = (
    Service(
        id="dvt-next-step-patient-view",
        hook="patient-view",
        title="Next step after a negative leg-vein ultrasound",
        description=(
            "When the chart of a patient with a recent leg-vein ultrasound for suspected deep vein thrombosis is"
            " opened: repeat imaging, CT or MR venography, no further imaging, or another next step, with dates,"
            " reasons and sources. Decision support for clinicians, not for emergencies."
        ),
        usage_requirements=_NEEDS,
    ),
    Service(
        id="dvt-next-step-order-select",
        hook="order-select",
        title="Does this order fit after a negative leg-vein ultrasound?",
        description=(
            "When a leg-vein ultrasound, a CT or MR venography, a D-dimer or an anticoagulant is selected: whether it"
            " fits what is advised (study, leg, days, contrast, repetition). Speaks of what is selected only."
        ),
        usage_requirements=f"{_NEEDS} Needs draftOrders in the context. {_SILENT}",
    ),
    Service(
        id="dvt-next-step-order-sign",
        hook="order-sign",
        title="Do these orders fit after a negative leg-vein ultrasound?",
        description=(
            "Before a leg-vein ultrasound, a CT or MR venography, a D-dimer or an anticoagulant is signed: whether it"
            " fits what is advised (study, leg, days, contrast, repetition). Speaks of all drafts, revised orders too."
        ),
        usage_requirements=f"{_NEEDS} Needs draftOrders in the context. {_SILENT}",
    ),
    Service(
        id="dvt-next-step-appointment-book",
        hook="appointment-book",
        title="Is this leg-vein study booked for the advised days?",
        description=(
            "When an appointment for a leg-vein ultrasound or a venography is booked: whether its day is an advised"
            " one."
        ),
        usage_requirements=f"{_NEEDS} The appointment says its study by a code or by the order it is based on.",
    ),
    Service(
        id="dvt-next-step-encounter-discharge",
        hook="encounter-discharge",
        title="Is the advised leg-vein study arranged before discharge?",
        description=(
            "When a patient is discharged: whether a repeat ultrasound or a venography that is advised is booked for"
            " its days."
        ),
        usage_requirements=f"{_NEEDS} Bookings are read from the key 'service_requests'.",
    ),
    Service(
        id="dvt-next-step-order-dispatch",
        hook="order-dispatch",
        title="Does the dispatched order fit after a negative leg-vein ultrasound?",
        description="When an order is sent to the one who carries it out: whether it fits what is advised.",
        usage_requirements=(
            f"{_NEEDS} The order comes with the keys 'service_requests' and 'medication_requests', or is fetched."
        ),
    ),
)


def offered(hooks: Collection[str]) -> tuple[Service, ...]:
    """The services of these hooks, in their order here."""
    return tuple(service for service in SERVICES if service.hook in hooks)


def unknown_service(services: Sequence[Service]) -> CallerError:
    """404 means an unknown service and nothing else (conformance, section 4)."""
    names = ", ".join(service.id for service in services)
    return CallerError(404, "unknown-service", "There is no service of this id.", f"Use one of: {names}.")


def discovery(pathways: Sequence[Pathway], services: Sequence[Service] = SERVICES) -> dict[str, object]:
    """The answer of GET /cds-services. No member is null or empty (GEN-02)."""
    return {"services": [_entry(service, prefetch_templates(pathways)) for service in services]}


def prefetch_templates(pathways: Sequence[Pathway]) -> dict[str, str]:
    """Prefetch key -> query template: exactly what the pathways say they read (PT-01..PT-09), nothing more (B10)."""
    return {key: query.template for key, query in record_queries(pathways).items()}


def record_queries(pathways: Sequence[Pathway]) -> Mapping[str, RecordQuery]:
    """Prefetch key -> query, of all pathways. A key stands for one query; it is required if any pathway says so."""
    queries: dict[str, RecordQuery] = {}
    for pathway in pathways:
        for key, query in pathway.queries.items():
            known = queries.setdefault(key, query)
            if known.template != query.template:
                reason = f"{key}: another pathway asks another query by this name"
                raise AuthorError(f"{pathway.id}/facts.yaml", None, reason)
            if query.required:
                queries[key] = query
    return queries


def _entry(service: Service, prefetch: Mapping[str, str]) -> dict[str, object]:
    entry: dict[str, object] = {
        "hook": service.hook,
        "title": service.title,
        "description": service.description,
        "id": service.id,
        "version": SPECIFICATION_VERSION,
        "usageRequirements": service.usage_requirements,
    }
    return {**entry, "prefetch": dict(prefetch)} if prefetch else entry
