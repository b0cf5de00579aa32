"""What a card has to know of the EHR it goes to."""

from dataclasses import dataclass
from typing import Final

from app.clients.dialects import SPEECHES, Dialect, Speech
from app.clients.order_codes import STANDARD, OrderCodes


@dataclass(frozen=True, slots=True)
class Manner:
    """How the EHR speaks, the codes it has for our orders, and the hosts it may be given links to."""

    speech: Speech = SPEECHES[Dialect.BASELINE]
    order_codes: OrderCodes = STANDARD
    link_hosts: frozenset[str] = frozenset()


PLAIN: Final = Manner()
"""CDS Hooks 2.0.1 with standard codes and without links."""
