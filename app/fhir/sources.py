"""Where in a FHIR record facts are found: one source is one kind of resource, its codes, statuses and look-back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from app.fhir.dates import Days

NOT_STATED: Final = "not-stated"
"""The word for a status that the resource leaves out."""


@dataclass(frozen=True, slots=True)
class Source:
    """One place in the record, as a pathway's facts.yaml declares it.

    `codes`: value set -> what a code of it says. `statuses` are those that count, `verification` those of a Condition's
    or an allergy's verificationStatus, `intents` those of an order. `look_back_days` None: it holds for ever;
    `older_than_days`: only what is at least that old counts.
    """

    resource: str
    facts: frozenset[str]
    codes: Mapping[str, str] = field(default_factory=dict)
    statuses: frozenset[str] = frozenset()
    verification: frozenset[str] = frozenset()
    intents: frozenset[str] = frozenset()
    units: tuple[str, ...] = ()
    look_back_days: int | None = None
    older_than_days: int | None = None

    def reaches(self, days: Days | None, today: date) -> bool:
        """Whether the whole of `days` lies in the look-back. What has no day is only in one without an end."""
        if self.look_back_days is None:
            return True
        return days is not None and days.earliest >= today - timedelta(days=self.look_back_days)
