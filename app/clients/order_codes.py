"""The codes that our orders have in a client's EHR: a FHIR R4 ConceptMap from `urn:dvt-next-step:order`.

Some EHRs create an order only by the code of their own list (vendors.md, section 2: preference-list items), so a client
that brings a map gets drafts of the mapped orders only, and one that brings none gets the pathway's standard codes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.clients.code_maps import Mapped, Pair
from app.errors import AuthorError
from app.pathway.content import Order, did_you_mean

ORDER: Final = "urn:dvt-next-step:order"


@dataclass(frozen=True, slots=True)
class OrderCodes:
    """Order id -> its codes in the EHR. `is_standard`: there is no map, and the pathway's own codes are sent."""

    codes: Mapping[str, tuple[Pair, ...]] = field(default_factory=dict)
    is_standard: bool = True

    def of(self, name: str, order: Order, systems: Collection[str] | None) -> list[dict[str, str]]:
        """The codings of a draft order; empty when this EHR has none. `systems`: the only ones it understands."""
        if self.is_standard:
            codings = [code.model_dump() for code in order.codes]
        else:
            codings = [{"system": system, "code": code} for system, code in self.codes.get(name, ())]
        return [coding for coding in codings if systems is None or coding["system"] in systems]


STANDARD: Final = OrderCodes()


def read_order_codes(
    mapped: Sequence[Mapped], orders: Collection[str], systems: Collection[str] | None, faults: list[AuthorError]
) -> OrderCodes:
    """The codes of a client's map. What is wrong is added to `faults`."""
    codes: dict[str, tuple[Pair, ...]] = {}
    for each in mapped:
        (source, name), (target, _) = each.source, each.target
        if source != ORDER:
            faults.append(each.fault(f"the source is {ORDER}, the codes are our orders"))
        elif name not in orders:
            known = ", ".join(sorted(orders))
            faults.append(each.fault(f"{name} is no order{did_you_mean(name, orders)}; there are {known}"))
        elif systems is not None and target not in systems:
            faults.append(each.fault(f"this EHR takes orders by the codes of {' or '.join(sorted(systems))} only"))
        else:
            codes[name] = (*codes.get(name, ()), each.target)
    return OrderCodes(codes, is_standard=False)
