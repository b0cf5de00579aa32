"""A fact set as the vocabulary itself reads it: every known fact by its public name, and nothing else.

Two fact sets that are equal here are the same to every reader of facts_schema.yaml. Only what is said there is used:
absent, null, `unknown` and what is outside its list is unknown; a study without a modality is an ultrasound, one
without a report status is final; of a date-time the first ten characters count; studies equal in every fact are one;
`unseen`, `confirmed` and `surveillance_done` are sets. A D-dimer and a superficial thrombosis may be known to exist
alone. The studies are compared as a set, because a record has no order.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, Final

from tests.oracle import raw_facts as read
from tests.oracle.raw_facts import WELLS_POINTS, within

Json = Any
Read = Callable[[object], Json]

WELLS_ITEMS: Final = tuple(WELLS_POINTS)
SVT, DDIMER, CONFIRMED, SURVEILLANCE = "alt.svt", "ddimer", "alt.confirmed", "procedure.surveillance_done"


def _word(*allowed: str) -> Read:
    def read_word(raw: object) -> str | None:
        return raw if isinstance(raw, str) and raw in allowed else None

    return read_word


def _listed(allowed: frozenset[str]) -> Read:
    return partial(_word(*allowed))


def _plain(reader: Callable[[object], float | None]) -> Read:
    """A number in its shortest form."""

    def read_number(raw: object) -> float | None:
        number = reader(raw)
        return int(number) if number is not None and number == int(number) else number

    return read_number


def _day(raw: object) -> str | None:
    day = read.calendar_day(raw)
    return day.isoformat() if day else None


def _words(allowed: frozenset[str]) -> Read:
    return lambda raw: tuple(sorted(read.words(raw, allowed))) or None


def _comparator(raw: object) -> str | None:
    """None: the value is exact. `unknown`: it is not, and in which way nobody can tell."""
    found = read.comparator(raw)
    return None if found == "=" else found


def _days(raw: object) -> tuple[str, ...] | None:
    return tuple(sorted({day.isoformat() for day in read.read_days(raw)})) or None


_NUMBER, _COUNT, _WHOLE = _plain(read.number), _plain(read.count), _plain(read.whole)
_AGE: Final = _plain(partial(read.count, highest=130))
_REACTION: Final = _word("none", "mild", "moderate", "severe")

EXAM: Final[Mapping[str, Read]] = {
    "modality": _word("US", "CTV", "MRV"),
    "date": _day,
    "report_status": _listed(read.COUNTING | read.PROVISIONAL | read.WITHDRAWN),
    "result": _listed(read.RESULTS),
    "location": _listed(read.LOCATIONS),
    "protocol": _listed(read.PROTOCOLS),
    "quality": _listed(read.QUALITIES),
    "unseen": _words(read.SEGMENTS),
    "side": _listed(read.SIDES),
    "cfv": _listed(read.FLOWS),
    "iliac": _listed(read.ILIACS),
    "upper_extent_seen": read.truth,
}
"""A fact of one study -> how it is read; None is unknown."""

FACTS: Final[Mapping[str, Read]] = {
    "age": _AGE,
    "sex": _word("male", "female"),
    "pregnant": read.truth,
    "postpartum_days": _COUNT,
    "setting": _word("ed", "outpatient", "inpatient"),
    "inpatient_hours": _NUMBER,
    "suspicion": _word("low", "moderate", "high"),
    "anticoag": _word("none", "prophylactic", "therapeutic"),
    "anticoag_indication": _word("established", "interim_this_suspicion"),
    "intervention_considered": read.truth,
    "symptoms.status": _listed(read.STATUSES),
    "symptoms.as_of": _day,
    "symptoms.side": _listed(read.SIDES),
    **{
        f"symptoms.{name}": read.truth
        for name in ("whole_leg", "flank_pain", "systemic_explanation", "erythema", "palpable_cord")
    },
    "symptoms.onset_days": _COUNT,
    "symptoms.severity": _listed(read.GRADES),
    **{f"red_flags.{name}": read.truth for name in ("pe", "limb", "infection")},
    "wells.score": _WHOLE,
    **{f"wells.items.{name}": read.truth for name in WELLS_ITEMS},
    "ddimer.value": _NUMBER,
    "ddimer.comparator": _comparator,
    "ddimer.unit": _listed(read.UNITS),
    "ddimer.assay": _word("high_sensitivity", "other"),
    "ddimer.collected": _day,
    "risk.active_cancer": read.truth,
    **{f"risk.{name}": _COUNT for name in ("surgery_days", "discharge_days", "trauma_days")},
    "risk.immobilised": read.truth,
    "risk.prior_dvt": read.truth,
    "risk.bleeding": _word("low", "high", "contraindicated"),
    "risk.functional_status": _word("good", "poor"),
    CONFIRMED: _words(read.ALTERNATIVES),
    "alt.explains": read.truth,
    "alt.svt.length_cm": _NUMBER,
    "alt.svt.sfj_cm": _NUMBER,
    "orders.repeat_us_date": _day,
    "orders.venography": _word("active", "none"),
    "orders.venography_date": _day,
    "procedure.stent_date": _day,
    "procedure.intervention_date": _day,
    SURVEILLANCE: _days,
    "egfr": _NUMBER,
    "aki": read.truth,
    "dialysis": _word("none", "anuric", "residual"),
    "iodinated_reaction": _REACTION,
    "gad_reaction": _REACTION,
    "mri": _word("ok", "conditional", "contraindicated"),
}
"""Every other public fact -> how it is read; None is unknown."""

MAY_STAND_ALONE: Final = (DDIMER, SVT)
"""What may be known to exist without any of its members."""


@dataclass(frozen=True)
class Known:
    """What is known of one patient: facts by public name, studies as facts by name; `today` is the day of asking."""

    facts: Mapping[str, Json]
    exams: tuple[Mapping[str, Json], ...]
    today: date = field(compare=False)

    def as_json(self) -> dict[str, Json]:
        """The facts as POST /evaluate takes them."""
        nested: dict[str, Json] = {"exams": [{**exam, **_lists(exam)} for exam in self.exams]}
        for name, value in sorted(self.facts.items()):
            *path, last = name.split(".")
            holder = nested
            for part in path:
                holder = holder.setdefault(part, {})
            holder[last] = {} if name in MAY_STAND_ALONE else list(value) if isinstance(value, tuple) else value
        return nested


def _lists(exam: Mapping[str, Json]) -> dict[str, list[str]]:
    return {name: list(value) for name, value in exam.items() if isinstance(value, tuple)}


def known(raw: object, today: date) -> Known:
    """The known facts of a JSON fact set of any shape."""
    facts = {
        name: value for name, reader in FACTS.items() if (value := reader(within(raw, *name.split(".")))) is not None
    }
    given = {name: True for name in MAY_STAND_ALONE if isinstance(within(raw, *name.split(".")), Mapping)}
    exams = {tuple(sorted(exam.items())) for exam in _exams(within(raw, "exams"))}
    return Known(facts | given, tuple(dict(exam) for exam in sorted(exams, key=repr)), today)


def _exams(raw: object) -> Iterator[dict[str, Json]]:
    for each in raw if isinstance(raw, list) else []:
        modality = within(each, "modality")
        if modality in (None, "unknown") or EXAM["modality"](modality):
            exam = {name: value for name, reader in EXAM.items() if (value := reader(within(each, name))) is not None}
            yield {"modality": "US", "report_status": "final"} | exam


def differences(one: Known, other: Known) -> list[str]:
    """The names of the facts in which two differ."""
    names = sorted(one.facts.keys() | other.facts.keys())
    found = [name for name in names if one.facts.get(name) != other.facts.get(name)]
    return found + (["exams"] if one.exams != other.exams else [])
