"""The examinations of an episode: which study counts, what it proved, and from which day the clock runs.

All of decision table section 1, 2.1, 3.7 and 3.8. Dates are calendar days; today is handed in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from app.clinical.vocabulary import Exam, Facts

IGNORED = ("cancelled", "entered-in-error")
NOT_YET_FINAL = ("preliminary", "partial", "registered")
COMPLETE = ("complete_duplex", "complete_compression")
CALF = frozenset({"peroneal", "posterior_tibial"})
PROXIMAL = frozenset({"cfv", "femoral", "popliteal"})
LEGS = {"left": frozenset({"left"}), "right": frozenset({"right"}), "bilateral": frozenset({"left", "right"})}
WELL = ("resolved", "improving")


def is_positive(exam: Exam) -> bool:
    """Acute DVT, or a thrombus on dedicated iliac imaging; a preliminary report counts (2.1)."""
    return exam.result == "acute_dvt" or exam.iliac == "positive"


def is_usable(exam: Exam) -> bool:
    """A result that may be acted on: known, and final unless it shows a thrombus (2.1)."""
    return is_positive(exam) or (exam.result != "unknown" and exam.report_status not in NOT_YET_FINAL)


def is_limited(exam: Exam) -> bool:
    """The calf was not examined: protocol not complete (unknown counts), or calf veins not seen (section 1)."""
    return exam.protocol not in COMPLETE or not exam.unseen.isdisjoint(CALF)


def is_compromised(exam: Exam) -> bool:
    """The study cannot be relied on for the veins it aimed at (section 1)."""
    return (
        not is_usable(exam)
        or exam.result in ("equivocal", "nondiagnostic")
        or is_positive(exam)
        or exam.quality == "compromised"
        or not exam.unseen.isdisjoint(PROXIMAL)
    )


def is_satisfactory(exam: Exam) -> bool:
    """Final, complete, all proximal and calf veins seen, and no acute deep thrombosis (section 1)."""
    return not is_limited(exam) and not is_compromised(exam)


def misses_a_leg(exam_side: str, symptom_side: str) -> bool:
    """True only when both sides are known and a symptomatic leg was not scanned (3.7)."""
    if exam_side == "unknown" or symptom_side == "unknown":
        return False
    return not LEGS[symptom_side] <= LEGS[exam_side]


def timed_status(facts: Facts, study: Exam | None, today: date) -> str:
    """The symptom status, if it was recorded after the study's day and not in the future; otherwise unknown (2.2).

    Every scanned patient has symptoms on the day of the scan: a status of that day says nothing of the course.
    """
    symptoms = facts.symptoms
    if study is None or study.date is None or symptoms.as_of is None:
        return "unknown"
    return symptoms.status if study.date < symptoms.as_of <= today else "unknown"


@dataclass(frozen=True)
class Episode:
    """The studies of one patient as the decision table sees them. Lazily derived; every member is pure.

    `days`: the pathway's parameters in days (`stale_day`, `stale_max_day`, `repeat_min_day` are used).
    """

    facts: Facts
    today: date
    days: Mapping[str, int]

    @cached_property
    def studies(self) -> tuple[Exam, ...]:
        """Studies that exist for us: not cancelled, not in error, not in the future."""
        return tuple(exam for exam in self.facts.exams if exam.report_status not in IGNORED and not self._future(exam))

    @cached_property
    def has_future_study(self) -> bool:
        """A study dated after today was ignored."""
        return any(self._future(exam) for exam in self.facts.exams if exam.report_status not in IGNORED)

    @cached_property
    def ultrasounds(self) -> tuple[Exam, ...]:
        """By date; undated ones last, equal dates in the given order."""
        found = [exam for exam in self.studies if exam.modality == "US"]
        return tuple(sorted(found, key=lambda exam: exam.date or date.max))

    @cached_property
    def last(self) -> Exam | None:
        """The last ultrasound, usable or not."""
        return self.ultrasounds[-1] if self.ultrasounds else None

    @cached_property
    def age_of_last(self) -> str:
        """`none`, `current`, `stale` or `old`; an undated study counts as current (RU-STALE, section 12)."""
        if self.last is None:
            return "none"
        if self.last.date is None:
            return "current"
        age = (self.today - self.last.date).days
        if age <= self.days["stale_day"]:
            return "current"
        return "stale" if age <= self.days["stale_max_day"] else "old"

    @cached_property
    def latest(self) -> Exam | None:
        """L: the last ultrasound, or, if it cannot be used, the last usable one shortly before it (G-RESULT)."""
        if self.last is None or is_usable(self.last):
            return self.last
        usable = [exam for exam in self.ultrasounds if is_usable(exam) and self._shortly_before(exam, self.last)]
        return usable[-1] if usable else None

    @cached_property
    def result_gate(self) -> str:
        """`usable`, `earlier_usable` (L was replaced), `none_usable` or `no_study`."""
        if self.last is None:
            return "no_study"
        if self.latest is None:
            return "none_usable"
        return "usable" if self.latest is self.last else "earlier_usable"

    @cached_property
    def positive(self) -> Exam | None:
        """The latest positive study of the episode: ultrasounds near the last one, and venographies (G-POS)."""
        found = [exam for exam in self.ultrasounds if is_positive(exam) and self._shortly_before(exam, self.last)]
        found += [exam for exam in self.venographies if is_positive(exam)]
        ordered = sorted(found, key=lambda exam: (exam.date or date.max, exam.modality != "US"))
        return ordered[-1] if ordered else None

    @cached_property
    def members(self) -> tuple[Exam, ...]:
        """L and the ultrasounds of the episode before it, without those that missed a symptomatic leg."""
        if self.latest is None:
            return ()
        before = self.ultrasounds[: self.ultrasounds.index(self.latest)]
        side = self.facts.symptoms.side
        kept = (e for e in before if self._shortly_before(e, self.latest) and not misses_a_leg(e.side, side))
        return (*kept, self.latest)

    @cached_property
    def satisfactory_members(self) -> tuple[Exam, ...]:
        """The satisfactory studies of the episode, oldest first."""
        return tuple(exam for exam in self.members if is_satisfactory(exam))

    @cached_property
    def run(self) -> tuple[Exam, ...]:
        """The unbroken run of unsatisfactory studies that ends with L; empty when L is satisfactory."""
        run: list[Exam] = []
        for exam in reversed(self.members):
            if is_satisfactory(exam):
                break
            run.append(exam)
        return tuple(reversed(run))

    @cached_property
    def status(self) -> str:
        """The timed symptom status: against L, or against the last study when that one is too old (RU-STALE)."""
        study = self.latest if self.age_of_last == "current" and self.latest else self.last
        return timed_status(self.facts, study, self.today)

    @cached_property
    def falls_back(self) -> bool:
        """A merely limited later look does not undo a satisfactory study in a patient who is well (A4, G135).

        Sections 1 and 13.3 disagree on a later look of unknown protocol; it never reassures, which is the safer one.
        """
        return (
            bool(self.run)
            and bool(self.satisfactory_members)
            and self.status in WELL
            and all(exam.result == "negative" and is_limited(exam) and not is_compromised(exam) for exam in self.run)
            and all(exam.protocol != "unknown" for exam in self.run)
        )

    @cached_property
    def limited(self) -> bool:
        """L is limited, after the fallback."""
        return self.latest is not None and is_limited(self.latest) and not self.falls_back

    @cached_property
    def compromised(self) -> bool:
        """L is compromised, after the fallback."""
        return self.latest is not None and is_compromised(self.latest) and not self.falls_back

    @cached_property
    def anchor(self) -> date | None:
        """Day 0 of every window. A second poor scan does not restart the clock (section 1)."""
        if self.falls_back:
            return self.satisfactory_members[-1].date
        if self.run:
            return min((exam.date for exam in self.run if exam.date), default=None)
        return self.latest.date if self.latest else None

    @cached_property
    def negatives(self) -> str:
        """`none`, `one` or `two` negative looks; two need satisfactory studies at least `repeat_min_day` days apart."""
        if not self.satisfactory_members:
            return "none"
        first, last = self.satisfactory_members[0].date, self.satisfactory_members[-1].date
        apart = (last - first).days if first and last else 0
        return "two" if apart >= self.days["repeat_min_day"] else "one"

    @cached_property
    def side(self) -> str:
        """`matched`, `partly_scanned`, `not_scanned` or `unknown`: is every symptomatic leg in L (3.7)."""
        scanned, symptomatic = self.latest.side if self.latest else "unknown", self.facts.symptoms.side
        if scanned == "bilateral":
            return "matched"
        if scanned == "unknown" or symptomatic == "unknown":
            return "unknown"
        if LEGS[symptomatic] <= LEGS[scanned]:
            return "matched"
        return "not_scanned" if LEGS[symptomatic].isdisjoint(LEGS[scanned]) else "partly_scanned"

    @cached_property
    def venographies(self) -> tuple[Exam, ...]:
        """CT and MR venographies of the episode: near the last ultrasound, later ones included."""
        found = (exam for exam in self.studies if exam.modality != "US")
        return tuple(exam for exam in found if self._shortly_before(exam, self.last))

    @cached_property
    def counted_venographies(self) -> tuple[Exam, ...]:
        """Usable ones dated on or after the anchor (3.8)."""
        anchor = self.anchor
        if anchor is None:
            return ()
        return tuple(e for e in self.venographies if is_usable(e) and e.date is not None and e.date >= anchor)

    @cached_property
    def venography_answers(self) -> bool:
        """A good negative venography has answered the iliocaval question; after worsening only a later one has."""
        since = self.facts.symptoms.as_of if self.status in ("worsening", "new") else None
        return any(
            exam.result == "negative"
            and exam.quality != "compromised"
            and (since is None or (exam.date is not None and exam.date >= since))
            for exam in self.counted_venographies
        )

    @cached_property
    def extent_imaged(self) -> bool:
        """A venography of the episode shows a thrombus, or is final, negative and not compromised (PB-EXTENT)."""
        return any(
            is_positive(exam) or (exam.result == "negative" and is_usable(exam) and exam.quality != "compromised")
            for exam in self.venographies
        )

    def used_up(self, modality: str) -> bool:
        """This modality was tried and did not answer (3.8)."""
        return not self.venography_answers and any(
            exam.modality == modality
            and (
                exam.result in ("nondiagnostic", "equivocal")
                or (exam.result == "negative" and exam.quality == "compromised")
            )
            for exam in self.counted_venographies
        )

    def _future(self, exam: Exam) -> bool:
        return exam.date is not None and exam.date > self.today

    def _shortly_before(self, exam: Exam, study: Exam | None) -> bool:
        """Not more than `stale_day` days before the study; a missing date on either side counts as inside."""
        if study is None or study.date is None or exam.date is None:
            return True
        return (study.date - exam.date).days <= self.days["stale_day"]


def count(exams: Sequence[Exam]) -> str:
    """`none`, `one` or `several`."""
    return ("none", "one")[len(exams)] if len(exams) < 2 else "several"  # noqa: PLR2004 -- none and one
