"""Which names and dates can stand together: what is true of every situation that `app.clinical.situation` makes.

Without these laws the solver would invent patients who cannot exist. Each law holds for every patient (a test draws
many and tries to break one); a law that is missing makes the proof stricter, never wrong. Reasons name the section of
the decision table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import z3

from app.clinical.vocabulary import ALTERNATIVE, STATUS
from app.proof.encode import Formula, Patient, all_of, number, one_of

Named = Mapping[str, str | tuple[str, ...]]

SEEN: Named = {"result_gate": ("usable", "earlier_usable")}
UNSEEN: Named = {"result_gate": ("none_usable", "no_study")}
WELL = ("resolved", "improving")
WORSE = ("worsening", "new")
COMPLETE = ("complete_duplex", "complete_compression")
INCOMPLETE = ("extended_compression", "proximal_duplex", "two_region", "pocus", "unknown")


@dataclass(frozen=True, slots=True)
class Law:
    """Where `when` holds, one of `then` holds. `because` is the reason, with the section of the decision table."""

    because: str
    when: Named
    then: tuple[Named, ...]


def _law(because: str, when: Named, *then: Named) -> tuple[Law, ...]:
    return (Law(because, when, then),)


def _same(because: str, one: Named, other: Named) -> tuple[Law, ...]:
    """Each of the two holds exactly when the other does; `other` names one fact."""
    ((name, values),) = one.items()
    return (Law(because, one, (other,)), Law(f"{because} (and only then: {name})", other, ({name: values},)))


LAWS: tuple[Law, ...] = (
    # L, the latest study that can be used
    *_same("Without an ultrasound there is no last one (1).", {"latest_age": "none"}, {"result_gate": "no_study"}),
    *_same("The episode holds L, if there is one (1).", {"studies": "none"}, UNSEEN),
    *_law(
        "Everything that is read from L is unknown without L (2.1).",
        UNSEEN,
        {
            "result": "unknown",
            "location": "unknown",
            "protocol": "unknown",
            "cfv": "unknown",
            "iliac": "unknown",
            "side": "unknown",
            "limited": "no",
            "compromised": "no",
            "satisfactory": "no",
            "proximal_unseen": "no",
            "unseen_named": "no",
            "negatives": "none",
            "satisfactory_studies": "none",
            "venography": "open",
            "ctv_used_up": "no",
            "mrv_used_up": "no",
            "ddimer_sample": "unknown",
            "repeat_window": "unknown",
            "first_week": "unknown",
            "day_3": "unknown",
            "day_3_study": "not_done",
        },
    ),
    *_law("Without an ultrasound no status is timed (2.2).", {"latest_age": "none"}, {"status": "unknown"}),
    *_law(
        "An unknown result is unusable, unless a thrombus was seen in the iliac veins (2.1).",
        {**SEEN, "result": "unknown"},
        {"iliac": "positive"},
    ),
    *_law("A thrombus in L is a positive study (2.1).", {"result": "acute_dvt"}, {"positive_study": "yes"}),
    *_law("A thrombus in the iliac veins is a positive study (2.1).", {"iliac": "positive"}, {"positive_study": "yes"}),
    # section 1: quality
    *_law(
        "Satisfactory is neither limited nor compromised (1).",
        {"satisfactory": "yes"},
        {"limited": "no", "compromised": "no", **SEEN},
    ),
    *_law(
        "Neither limited nor compromised is satisfactory (1).",
        {**SEEN, "limited": "no", "compromised": "no"},
        {"satisfactory": "yes"},
    ),
    *_law(
        "These results make a study compromised (1).",
        {"result": ("equivocal", "nondiagnostic", "acute_dvt")},
        {"compromised": "yes"},
    ),
    *_law("A positive study is compromised for this pathway (1).", {"iliac": "positive"}, {"compromised": "yes"}),
    *_law(
        "A proximal vein not seen makes a study compromised (1).",
        {"proximal_unseen": "yes"},
        {"compromised": "yes", "unseen_named": "yes"},
    ),
    *_law(
        "A complete study is limited only if calf veins were not seen (1).",
        {"limited": "yes", "protocol": COMPLETE},
        {"unseen_named": "yes"},
    ),
    *_law(
        "A study of unknown protocol is limited, whatever came before (13.3).",
        {**SEEN, "protocol": "unknown"},
        {"limited": "yes"},
    ),
    *_law(
        "A study that was not complete is limited; only the fallback makes up for it (1, A4).",
        {**SEEN, "protocol": INCOMPLETE},
        {"limited": "yes"},
        {
            "limited": "no",
            "compromised": "no",
            "result": "negative",
            "status": WELL,
            "studies": "several",
            "satisfactory_studies": ("one", "several"),
        },
    ),
    # section 1: counts
    *_law(
        "A satisfactory L is itself a satisfactory study; so is the one the fallback rests on (1).",
        {"satisfactory": "yes"},
        {"satisfactory_studies": ("one", "several")},
    ),
    *_same("Each satisfactory study is a negative look (1).", {"negatives": "none"}, {"satisfactory_studies": "none"}),
    *_law("Two negative looks are two studies (1).", {"negatives": "two"}, {"satisfactory_studies": "several"}),
    *_law("Satisfactory studies are studies (1).", {"satisfactory_studies": "several"}, {"studies": "several"}),
    *_law(
        "An only study that is satisfactory is L (1).",
        {"satisfactory_studies": "one", "studies": "one"},
        {"satisfactory": "yes"},
    ),
    # section 3.7: sides
    *_law(
        "One symptomatic leg was scanned or was not (3.7).",
        {"symptom_side": ("left", "right")},
        {"side": ("matched", "not_scanned", "unknown")},
    ),
    *_law(
        "Of two symptomatic legs each scan covers at least one (3.7).",
        {"symptom_side": "bilateral"},
        {"side": ("matched", "partly_scanned", "unknown")},
    ),
    *_law(
        "An unknown symptomatic leg is covered only by a scan of both (3.7).",
        {"symptom_side": "unknown"},
        {"side": ("matched", "unknown")},
    ),
    # section 2.2: symptoms
    *(
        law
        for status in STATUS
        for law in _law("A timed status is the recorded one (2.2).", {"status": status}, {"recorded_status": status})
    ),
    *(
        law
        for status in STATUS
        for law in _law(
            "A status timed against the positive study is the recorded one (2.2).",
            {"positive_status": status},
            {"recorded_status": status, "positive_study": "yes"},
        )
    ),
    # section 3.8: venography
    *_law("What answered is not used up (3.8).", {"venography": "answers"}, {"ctv_used_up": "no", "mrv_used_up": "no"}),
    # section 2.4, 3.1: patient and probability
    *_law("Maybe pregnant is not stated (2.4).", {"maybe_pregnant": "yes"}, {"pregnant": "unknown"}),
    *_law(
        "High suspicion is likely and high (3.1).",
        {"suspicion": "high"},
        {"wells_class": "likely", "high_probability": "yes"},
    ),
    *_law(
        "Pregnancy has no Wells class (3.1).",
        {"pregnant": "yes", "suspicion": ("low", "moderate", "unknown")},
        {"wells_class": "not_applicable", "high_probability": "no"},
    ),
    *_law("Only pregnancy has no Wells class (3.1).", {"wells_class": "not_applicable"}, {"pregnant": "yes"}),
    *_law("High probability is likely (3.1).", {"high_probability": "yes"}, {"wells_class": "likely"}),
    *_law(
        "A total against its items is no total (2.3).",
        {"wells_total": "contradictory", "suspicion": ("low", "moderate", "unknown")},
        {"wells_class": ("unknown", "not_applicable")},
    ),
    # section 2.3, 3.3: D-dimer
    *_law(
        "Without a D-dimer nothing of it is known (3.3).",
        {"ddimer": "none"},
        {"ddimer_assay": "unknown", "ddimer_sample": "unknown"},
    ),
    # section 10: other diagnoses
    *(
        law
        for name in ALTERNATIVE
        for law in _law("A named alternative is one (10).", {f"confirmed_{name}": "yes"}, {"alternative": "confirmed"})
    ),
    *_law(
        "An alternative has a name (10).",
        {"alternative": "confirmed"},
        *({f"confirmed_{name}": "yes"} for name in ALTERNATIVE),
    ),
    *_law(
        "A superficial thrombosis in the report is present, measured or not (2.4).",
        {**SEEN, "result": "svt_only"},
        {"svt": ("near_junction", "unmeasured", "long", "short")},
    ),
    # section 11: the found thrombosis
    *_same("A location is that of the positive study (11).", {"positive_location": "none"}, {"positive_study": "no"}),
    *_law(
        "Without a positive study nothing of it is known (11).",
        {"positive_study": "no"},
        {
            "positive_upper_extent": "unknown",
            "positive_cfv": "unknown",
            "positive_status": "unknown",
            "distal_visit": "unknown",
        },
    ),
    *_law(
        "Only a stented vein has visits (11).",
        {"stent_visit": ("first", "second", "third", "fourth")},
        {"stent": "yes"},
    ),
)


def laws(patient: Patient, of: Sequence[Law] = LAWS) -> list[Formula]:
    """The laws over one patient, of names and of days."""
    named = [z3.Implies(_holds(patient, law.when), one_of(_holds(patient, then) for then in law.then)) for law in of]
    return named + _days(patient)


def _holds(patient: Patient, named: Named) -> Formula:
    return all_of(
        patient.is_one_of(name, (values,) if isinstance(values, str) else values) for name, values in named.items()
    )


def _days(patient: Patient) -> list[Formula]:
    return [*_settings(patient), *_studies(patient), *_clock(patient), *_status(patient), *_found(patient)]


def _settings(patient: Patient) -> list[Formula]:
    """What `app.clinical.evaluate` refuses cannot be set: the repeat window never ends before it begins."""
    return [patient.parameter("repeat_min_day") <= patient.parameter("repeat_max_day")]


def _studies(patient: Patient) -> list[Formula]:
    """L, the anchor and their dates (section 1)."""
    anchor, latest = patient.dates["anchor"], patient.dates["latest"]
    seen, satisfactory = _holds(patient, SEEN), _holds(patient, {"satisfactory": "yes"})
    no_fallback = _holds(patient, {"protocol": COMPLETE, "unseen_named": "no"})
    undated = _holds(patient, {"undated_study": "yes"})
    usable = _holds(patient, {"result_gate": "usable"})
    return [
        # a study is never after today, and the clock starts at L or before it
        z3.Implies(anchor.known, anchor.ahead <= 0),
        z3.Implies(latest.known, z3.And(latest.ahead <= 0, anchor.known, anchor.ahead <= latest.ahead)),
        z3.Implies(anchor.known, seen),
        # a satisfactory L is the anchor itself, unless it is so by the fallback only; the fallback needs a dated L
        z3.Implies(z3.And(satisfactory, anchor.known), latest.known),
        z3.Implies(z3.And(satisfactory, no_fallback, anchor.known), anchor.ahead == latest.ahead),
        # L has a date, or is one of the undated studies
        z3.Implies(z3.And(seen, z3.Not(latest.known)), undated),
        z3.Implies(undated, z3.Or(z3.And(seen, z3.Not(latest.known)), _holds(patient, {"positive_study": "yes"}))),
        # the age of the last ultrasound is that of L, or of a later one
        *(_age(patient, usable)),
    ]


def _age(patient: Patient, usable: Formula) -> list[Formula]:
    latest, stale, old = patient.dates["latest"], patient.parameter("stale_day"), patient.parameter("stale_max_day")
    current, too_old = _holds(patient, {"latest_age": "current"}), _holds(patient, {"latest_age": ("stale", "old")})
    dated = z3.And(usable, latest.known)
    return [
        z3.Implies(z3.And(_holds(patient, SEEN), too_old), z3.And(latest.known, -latest.ahead > stale)),
        z3.Implies(z3.And(dated, current), -latest.ahead <= stale),
        z3.Implies(dated, _holds(patient, {"latest_age": "old"}) == (-latest.ahead > old)),
    ]


def _clock(patient: Patient) -> list[Formula]:
    """Day n is the days since the anchor (section 1), and what the day says of the windows."""
    anchor, latest, parameter = patient.dates["anchor"], patient.dates["latest"], patient.parameter
    day = -anchor.ahead
    lapsed = day > parameter("lapse_day")
    overdue = z3.And(z3.Not(lapsed), day > parameter("repeat_max_day"))
    before = z3.And(z3.Not(lapsed), z3.Not(overdue), day < parameter("repeat_min_day"))
    windows = {
        "repeat_window": {"lapsed": lapsed, "overdue": overdue, "before": before},
        "first_week": {"within": day <= parameter("first_week_days")},
        "day_3": {"within": day <= parameter("day_3")},
    }
    third_day = z3.And(latest.known, anchor.known, latest.ahead - anchor.ahead >= parameter("day_3"))
    return [
        *(
            formula
            for name, values in windows.items()
            for formula in (
                patient.names[name]["unknown"] == z3.Not(anchor.known),
                *(patient.names[name][value] == z3.And(anchor.known, holds) for value, holds in values.items()),
            )
        ),
        patient.names["day_3_study"]["done"] == third_day,
        # these are counted from the anchor (3.3, 3.8)
        z3.Implies(_holds(patient, {"venography": "answers"}), anchor.known),
        z3.Implies(_holds(patient, {"ctv_used_up": "yes"}), anchor.known),
        z3.Implies(_holds(patient, {"mrv_used_up": "yes"}), anchor.known),
        z3.Implies(_holds(patient, {"ddimer_sample": ("in_window", "outside")}), anchor.known),
    ]


def _status(patient: Patient) -> list[Formula]:
    """A status counts if it was recorded after the day of L and not in the future (2.2)."""
    latest, as_of = patient.dates["latest"], patient.dates["as_of"]
    current = z3.And(_holds(patient, SEEN), _holds(patient, {"latest_age": "current"}))
    timed = z3.And(as_of.known, as_of.ahead <= 0)
    after = z3.And(timed, latest.known, as_of.ahead > latest.ahead)
    known = _holds(patient, {"status": STATUS})
    return [
        z3.Implies(known, timed),
        z3.Implies(z3.And(known, current), after),
        z3.Implies(z3.And(known, _holds(patient, SEEN)), latest.known),
        z3.Implies(z3.And(current, after, _holds(patient, {"recorded_status": STATUS})), known),
        z3.Implies(_holds(patient, {"positive_status": STATUS}), timed),
    ]


def _found(patient: Patient) -> list[Formula]:
    """The found thrombosis and the treated vein (section 11)."""
    positive = patient.dates["positive"]
    found = _holds(patient, {"positive_study": "yes"})
    return [
        z3.Implies(positive.known, z3.And(found, positive.ahead <= 0)),
        z3.Implies(z3.And(found, z3.Not(positive.known)), _holds(patient, {"undated_study": "yes"})),
        z3.Implies(_holds(patient, {"positive_status": STATUS}), positive.known),
        z3.Implies(_holds(patient, {"distal_visit": ("first", "second")}), positive.known),
        *_stent(patient),
    ]


def _stent(patient: Patient) -> list[Formula]:
    stent = patient.dates["stent"]
    return [
        z3.Implies(_holds(patient, {"stent": "yes"}), z3.And(stent.known, stent.ahead <= number(0))),
    ]
