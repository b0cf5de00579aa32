"""How each kind of EHR speaks CDS Hooks: only the differences that vendors.md documents, as data.

`source` is the place in ../shared/cds-hooks/vendors.md. What a vendor does not document is as in 2.0.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

HOOKS: Final = (
    "patient-view",
    "order-select",
    "order-sign",
    "appointment-book",
    "encounter-discharge",
    "order-dispatch",
)
"""Every hook this service answers (conformance.md, section 6)."""


class Dialect(StrEnum):
    """The kind of EHR."""

    BASELINE = "baseline-2.0.1"
    EPIC = "epic"
    ORACLE_HEALTH = "oracle-health"
    SANDBOX = "sandbox"


@dataclass(frozen=True, slots=True)
class Speech:
    """How a dialect differs. `order_system`: the one code system in which a created order is understood; None: any.
    `card_extension`: what every card says besides.
    """

    source: str
    hooks: tuple[str, ...] = HOOKS
    several_actions: bool = True
    may_update: bool = True
    order_systems: frozenset[str] | None = None
    card_extension: tuple[tuple[str, str], ...] = ()


SPEECHES: Final[Mapping[Dialect, Speech]] = {
    Dialect.BASELINE: Speech("conformance.md, sections 3 and 6"),
    Dialect.EPIC: Speech(
        "section 2: 'Triggers and hooks'; 'Response': one action per suggestion, create and delete only, orders coded"
        " with its own systems, content type of the detail",
        hooks=("patient-view", "order-select", "order-sign"),
        several_actions=False,
        may_update=False,
        order_systems=frozenset(
            {
                "urn:com.epic.cdshooks.action.code.system.preference-list-item",
                "urn:com.epic.cdshooks.action.code.system.orderset-item",
            }
        ),
        card_extension=(("com.epic.cdshooks.card.detail.content-type", "text/markdown"),),
    ),
    Dialect.ORACLE_HEALTH: Speech("section 3: patient-view only", hooks=("patient-view",)),
    Dialect.SANDBOX: Speech(
        "section 6, 'CDS Hooks sandbox': patient-view, order-select, order-sign",
        hooks=("patient-view", "order-select", "order-sign"),
    ),
}
