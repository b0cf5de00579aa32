"""Made-up patients in the public vocabulary, for comparing two versions of a pathway on the same people.

Plausible enough to get past the first rows, odd enough to reach the rare ones: most are adults with a negative study,
each fact may be missing, and numbers and dates crowd around the limits that are handed in.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Final

from app.clinical.vocabulary import (
    ALTERNATIVE,
    ANTICOAG,
    ANTICOAG_INDICATION,
    ASSAY,
    BLEEDING,
    CFV,
    COMPARATOR,
    DDIMER_UNIT,
    DIALYSIS,
    FUNCTIONAL_STATUS,
    ILIAC,
    LOCATION,
    MRI,
    PROTOCOL,
    QUALITY,
    REACTION,
    REPORT_STATUS,
    RESULT,
    SEGMENT,
    SETTING,
    SEVERITY,
    SEX,
    SIDE,
    STATUS,
    SUSPICION,
    VENOGRAPHY_ORDER,
    WELLS_ITEMS,
)
from app.pathway.content import Parameter

Limits = Mapping[str, Sequence[int]]
"""Unit -> the numbers at which something changes, in that unit."""

FEW_DAYS: Final = tuple(range(11))
DAY: Final = "day"

# Shares of the patients.
WORKED_UP: Final = 0.25
HALF: Final = 0.5
ADULTS: Final = 0.95
EARLY: Final = 0.75

ADULT: Final = 18


def limits_of(parameters: Iterable[Parameter]) -> Limits:
    """The values of parameters by their unit."""
    found: dict[str, set[int]] = {}
    for parameter in parameters:
        found.setdefault(parameter.unit, set()).add(parameter.value)
    return {unit: sorted(values) for unit, values in found.items()}


def patient(random: Random, limits: Limits, today: date) -> dict[str, object]:
    """One made-up patient as the facts of POST /evaluate. The same state of `random` gives the same patient."""
    return _Maker(random, limits, today).patient()


class _Maker:
    def __init__(self, random: Random, limits: Limits, today: date) -> None:
        self.random = random
        self.limits = limits
        self.today = today
        self.leg = random.choice(SIDE)
        self.age = max(self._near("year", 10, 95), ADULT if random.random() < ADULTS else 0)

    def patient(self) -> dict[str, object]:
        """A quarter come with a whole work-up: facts drawn one by one would hardly ever exclude a DVT together."""
        return {**self._anybody(), **(self._worked_up() if self.random.random() < WORKED_UP else {})}

    def _anybody(self) -> dict[str, object]:
        exams = [self._exam() for _ in range(self.random.choice((0, *(1,) * 10, 2, 2, 2, 3, 3)))]
        return _given(
            age=self._maybe(0.9, self.age),
            sex=self._maybe(0.9, self._of(SEX)),
            pregnant=self._answer(0.05, 0.6),
            postpartum_days=self._maybe(0.05, self._days()),
            setting=self._maybe(0.8, self._of(SETTING)),
            inpatient_hours=self._maybe(0.3, self._near("hour", 0, 200)),
            suspicion=self._maybe(0.3, self._of(SUSPICION)),
            anticoag=self._maybe(0.8, self._mostly("none", ANTICOAG)),
            anticoag_indication=self._maybe(0.3, self._of(ANTICOAG_INDICATION)),
            intervention_considered=self._answer(0.2, 0.2),
            exams=exams,
            symptoms=self._symptoms(),
            red_flags=_given(pe=self._flag(), limb=self._flag(), infection=self._flag()),
            wells=self._wells(),
            ddimer=self._maybe(0.5, self._ddimer()),
            risk=self._risk(),
            alt=self._alternatives(),
            orders=self._orders(),
            procedure=self._maybe(0.1, self._procedure()),
            egfr=self._maybe(0.5, self._near("mL/min/1.73 m2", 5, 120)),
            aki=self._answer(0.05, 0.5),
            dialysis=self._maybe(0.3, self._mostly("none", DIALYSIS)),
            iodinated_reaction=self._maybe(0.4, self._mostly("none", REACTION)),
            gad_reaction=self._maybe(0.4, self._mostly("none", REACTION)),
            mri=self._maybe(0.4, self._mostly("ok", MRI)),
        )

    def _worked_up(self) -> dict[str, object]:
        studied = (self.today - timedelta(self.random.choice(FEW_DAYS))).isoformat()
        exam = {"date": studied, "result": "negative", "quality": "adequate", "side": self.leg}
        age_adjusted = 10 * self.age + self.random.choice((-1, 0, 1))
        value = self._near("ng/mL FEU", 100, 1000) if self.random.random() < HALF else age_adjusted
        is_treated = self.random.random() < WORKED_UP
        return _given(
            age=self.age,
            pregnant=False,
            setting=self._of(("ed", "outpatient")),
            anticoag="therapeutic" if is_treated else "none",
            anticoag_indication="interim_this_suspicion" if is_treated else None,
            exams=[{**exam, "protocol": self._of(PROTOCOL)}],
            symptoms=_given(status=self._maybe(0.9, self._of(STATUS)), as_of=self.today.isoformat(), side=self.leg),
            red_flags={},
            wells={"score": self._near("point", -2, 4)},
            ddimer={"value": value, "unit": "ng/mL FEU", "assay": "high_sensitivity", "collected": studied},
            risk={"active_cancer": False},
        )

    def _exam(self) -> dict[str, object]:
        return _given(
            modality=self._mostly("US", ("CTV", "MRV")),
            date=self._maybe(0.97, self._ago()),
            report_status=self._maybe(0.5, self._mostly("final", REPORT_STATUS)),
            result=self._maybe(0.95, self._mostly("negative", RESULT)),
            location=self._maybe(0.2, self._of(LOCATION)),
            protocol=self._maybe(0.9, self._mostly("complete_duplex", PROTOCOL, 0.4)),
            quality=self._maybe(0.8, self._mostly("adequate", QUALITY)),
            unseen=self._maybe(0.15, [self._of(SEGMENT)]),
            side=self._maybe(0.9, self._mostly(self.leg, SIDE)),
            cfv=self._maybe(0.6, self._mostly("normal", CFV)),
            iliac=self._maybe(0.2, self._of(ILIAC)),
            upper_extent_seen=self._answer(0.2, 0.2),
        )

    def _symptoms(self) -> dict[str, object]:
        return _given(
            status=self._maybe(0.85, self._of(STATUS)),
            as_of=self._maybe(0.95, self._mostly(self.today.isoformat(), (self._ago(),))),
            side=self._maybe(0.9, self._mostly(self.leg, SIDE)),
            whole_leg=self._answer(0.25, 0.5),
            flank_pain=self._answer(0.1, 0.5),
            systemic_explanation=self._answer(0.1, 0.3),
            onset_days=self._maybe(0.5, self._days()),
            severity=self._maybe(0.3, self._of(SEVERITY)),
        )

    def _wells(self) -> dict[str, object]:
        if self.random.random() < HALF:
            return _given(score=self._maybe(0.9, self._near("point", -2, 8)))
        return {"items": _given(**{name: self._answer(0.15, 0.7) for name in WELLS_ITEMS})}

    def _ddimer(self) -> dict[str, object]:
        nanograms = self._near("ng/mL FEU", 100, 3000)
        unit = self._mostly("ng/mL FEU", DDIMER_UNIT)
        is_large = unit.startswith(("mg", "ug/mL"))
        return _given(
            value=nanograms / 1000 if is_large else nanograms,
            comparator=self._maybe(0.1, self._of(COMPARATOR)),
            unit=self._maybe(0.95, unit),
            assay=self._maybe(0.9, self._mostly("high_sensitivity", ASSAY)),
            collected=self._maybe(0.9, self._ago()),
        )

    def _risk(self) -> dict[str, object]:
        return _given(
            active_cancer=self._answer(0.15, 0.7),
            surgery_days=self._maybe(0.15, self._days()),
            discharge_days=self._maybe(0.15, self._days()),
            trauma_days=self._maybe(0.1, self._days()),
            immobilised=self._answer(0.1, 0.5),
            prior_dvt=self._answer(0.2, 0.5),
            bleeding=self._maybe(0.5, self._mostly("low", BLEEDING)),
            functional_status=self._maybe(0.3, self._of(FUNCTIONAL_STATUS)),
        )

    def _alternatives(self) -> dict[str, object]:
        length, distance = (self._near("mm", 0, 120) / 10 for _ in range(2))
        return _given(
            confirmed=self._maybe(0.15, [self._of(ALTERNATIVE)]),
            explains=self._answer(0.2, 0.3),
            svt=self._maybe(0.1, _given(length_cm=self._maybe(0.9, length), sfj_cm=self._maybe(0.9, distance))),
        )

    def _orders(self) -> dict[str, object]:
        ahead = self.today + timedelta(self._days())
        return _given(
            repeat_us_date=self._maybe(0.1, ahead.isoformat()),
            venography=self._maybe(0.2, self._of(VENOGRAPHY_ORDER)),
            venography_date=self._maybe(0.1, ahead.isoformat()),
        )

    def _procedure(self) -> dict[str, object]:
        return _given(
            stent_date=self._maybe(0.6, self._ago()),
            intervention_date=self._maybe(0.5, self._ago()),
            surveillance_done=self._maybe(0.5, [self._ago()]),
        )

    def _of(self, values: Sequence[str]) -> str:
        return self.random.choice(values)

    def _mostly(self, usual: str, others: Sequence[str], share: float = 0.7) -> str:
        return usual if self.random.random() < share else self.random.choice(others)

    def _maybe(self, share: float, value: object) -> object:
        """The value, or None: unknown."""
        return value if self.random.random() < share else None

    def _answer(self, yes: float, no: float) -> bool | None:
        drawn = self.random.random()
        return True if drawn < yes else False if drawn < yes + no else None

    def _flag(self) -> bool | None:
        return self._answer(0.02, 0.5)

    def _near(self, unit: str, lowest: int, highest: int) -> int:
        """Half of the numbers at a limit or one beside it, the others anywhere."""
        limits = self.limits.get(unit, ())
        if limits and self.random.random() < HALF:
            return max(lowest, self.random.choice(limits) + self.random.choice((-1, 0, 1)))
        return self.random.randint(lowest, highest)

    def _days(self) -> int:
        """Mostly the first days after a study, where the windows are."""
        if self.random.random() < EARLY:
            return self.random.choice(FEW_DAYS)
        return self._near(DAY, 0, 120)

    def _ago(self) -> str:
        return (self.today - timedelta(self._days())).isoformat()


def _given(**members: object) -> dict[str, object]:
    """The members that are known."""
    return {name: value for name, value in members.items() if value is not None}
